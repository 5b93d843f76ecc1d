"""A kernel as a component: `kernel`, and `kernel.tar` with its modules, as LinuxKit lays a kernel image out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from harness.errors import InputError, Where
from harness.image import cpio
from harness.image.component.bill import package_named, with_packages
from harness.image.entries import file
from harness.image.moduletree import module_entries
from harness.image.oci import media
from harness.image.oci.write import write_image
from harness.image.recipe import Component
from harness.image.tarwriting import write_tar
from harness.kernel.aptroot import AptRoot
from harness.kernel.distro import package_kernel
from harness.kernel.modules import closure, read_index
from harness.store import Progress, Store, silent
from harness.words import Arch

_VERSION = 1  # of what this file makes; part of the key


def kernel_component(name: str, recipe: Component, arch: Arch, store: Store, progress: Progress = silent) -> Path:
    """The OCI layout with the one image `name`, its bill of materials inside, as for any component.

    Raises InputError for an architecture that the recipe has no package for, HostError where it cannot be had.
    """
    part = recipe.kernel
    assert part is not None  # noqa: S101 -- asked by the caller
    where = Where(f"components/{name}/component.yml", key="kernel.packages")
    if arch not in part.packages:
        known = ", ".join(sorted(part.packages))
        raise InputError(f"there is no kernel for {arch} in it", where=where, hint=f"it has one for {known}")
    apt = AptRoot(store, arch.debian, progress=progress)
    kernel, answer = package_kernel(apt, part.packages[arch], arch, where=where)
    inputs: dict[str, Any] = {
        "version": _VERSION,
        "arch": arch.value,
        "name": name,
        "recipe": recipe.model_dump(mode="json"),
        "kernel": kernel.key,
    }

    def make(into: Path) -> None:
        progress(f"making the component {name} for {arch}")
        work = into / "work"
        work.mkdir()
        whole, _ = package_kernel(apt, part.packages[arch], arch, where=where, thorough=True)
        entries = []
        if whole.modules:
            needed = closure(read_index(whole.modules / "lib/modules" / whole.release), (), part.modules)
            entries = module_entries(whole.modules, whole.release, needed, work)
        archive = work / "kernel.tar"
        with archive.open("wb") as out:
            write_tar(cpio.arranged(entries), out)
        image = [file("kernel", whole.image), file("kernel.tar", archive)]
        givers = {entry.path: answer.package for entry in image}
        billed = with_packages(name, image, {answer.package: package_named(answer)}, givers)
        write_image(into, name, media.platform_of(arch), {}, billed)
        shutil.rmtree(work)

    return store.get("component", inputs, make, room=512 << 20)
