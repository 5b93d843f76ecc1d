"""A kernel as a component: `kernel`, and `kernel.tar` with its modules, as LinuxKit lays a kernel image out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packageurl import PackageURL

from harness.errors import InputError, Where
from harness.image import cpio
from harness.image.component.bill import package_named, with_packages
from harness.image.entries import Entry, file
from harness.image.moduletree import module_entries
from harness.image.oci import media
from harness.image.oci.write import write_image
from harness.image.recipe import Component, KernelPart
from harness.image.sbom.inventory import Package
from harness.image.tarwriting import write_tar
from harness.kernel.aptroot import AptRoot
from harness.kernel.artifact import KernelArtifact
from harness.kernel.distro import package_kernel
from harness.kernel.matched.kernel import matched_kernel
from harness.kernel.modules import closure, read_index
from harness.plan.catalog import Catalog
from harness.store import Progress, Store, silent
from harness.words import Arch

_VERSION = 1  # of what this file makes; part of the key


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the kernel is from. `whole`: called before its files are read, to have them checked and mended."""

    kernel: KernelArtifact
    package: Package
    whole: Callable[[], KernelArtifact]


def kernel_component(name: str, recipe: Component, arch: Arch, store: Store, progress: Progress = silent) -> Path:
    """The OCI layout with the one image `name`, its bill of materials inside, as for any component.

    Raises InputError for an architecture that the recipe has no kernel for, HostError where it cannot be had.
    """
    part = recipe.kernel
    assert part is not None  # noqa: S101 -- asked by the caller
    where = Where(f"components/{name}/component.yml", key="kernel")
    if arch not in part.arches:
        known = ", ".join(sorted(part.arches))
        raise InputError(f"there is no kernel for {arch} in it", where=where, hint=f"it has one for {known}")
    of = _debians if part.packages else _matched
    source = of(part, arch, store, progress, where)
    inputs: dict[str, Any] = {
        "version": _VERSION,
        "arch": arch.value,
        "name": name,
        "recipe": recipe.model_dump(mode="json", exclude_defaults=True),
        "kernel": source.kernel.key,
    }

    def make(into: Path) -> None:
        progress(f"making the component {name} for {arch}")
        work = into / "work"
        work.mkdir()
        whole = source.whole()
        archive = work / "kernel.tar"
        with archive.open("wb") as out:
            write_tar(cpio.arranged(_modules(whole, part, work)), out)
        image = [file("kernel", whole.image), file("kernel.tar", archive)]
        givers = {entry.path: source.package.name for entry in image}
        billed = with_packages(name, image, {source.package.name: source.package}, givers)
        write_image(into, name, media.platform_of(arch), {}, billed)
        shutil.rmtree(work)

    return store.get("component", inputs, make, room=512 << 20)


def _debians(part: KernelPart, arch: Arch, store: Store, progress: Progress, where: Where) -> _Source:
    apt = AptRoot(store, arch.debian, progress=progress)
    kernel, answer = package_kernel(apt, part.packages[arch], arch, where=where)

    def whole() -> KernelArtifact:
        return package_kernel(apt, part.packages[arch], arch, where=where, thorough=True)[0]

    return _Source(kernel, package_named(answer), whole)


def _matched(part: KernelPart, arch: Arch, store: Store, progress: Progress, where: Where) -> _Source:
    target = Catalog().target(part.targets[arch])
    if target.arch is not arch:
        raise InputError(f"the target {target.name} is of {target.arch}, not of {arch}", where=where)
    kernel = matched_kernel(target, store, progress, features=part.features)
    purl = PackageURL("generic", None, "linux", kernel.release).to_string()
    package = Package("linux", kernel.release, arch.debian, purl, licence="GPL-2.0-only WITH Linux-syscall-note")
    return _Source(kernel, package, lambda: kernel)


def _modules(kernel: KernelArtifact, part: KernelPart, work: Path) -> list[Entry]:
    """Those that the recipe names, or all that were built to match."""
    if not kernel.modules:
        return []
    index = read_index(kernel.modules / "lib/modules" / kernel.release)
    needed = closure(index, (), index.files if kernel.matched else part.modules)
    return module_entries(kernel.modules, kernel.release, needed, work)
