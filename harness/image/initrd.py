"""The initrd of a target: an image's components, the modules that this target needs, and nothing else."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import HostError
from harness.image.entries import Entry, character, file, folder, link
from harness.image.moduletree import module_entries, modules_for
from harness.image.packing import pack, packing_of
from harness.image.recipe import component, own_file
from harness.image.recipe import image as image_of
from harness.image.steps import PATH, helpers_of, steps_of
from harness.kernel.aptroot import Answer, AptRoot
from harness.kernel.artifact import KernelArtifact
from harness.kernel.debian import Superseded, fetch_exact, unpack
from harness.plan.target import Target
from harness.store import Progress, Store, silent

_VERSION = 2  # of what this file does; part of the key


def initrd(
    target: Target,
    image: str | Path,
    kernel: KernelArtifact,
    store: Store,
    progress: Progress = silent,
    *,
    whole: Callable[[], KernelArtifact] | None = None,
) -> Path:
    """The initrd in the store. Same inputs, same bytes, whoever makes it where.

    `whole`: called before modules are read, to have the kernel's tree checked and mended.
    Raises InputError for a driver that the kernel lacks, HostError for what the host cannot do.
    """
    try:
        return _made(target, image, kernel, store, progress=progress, whole=whole)
    except Superseded:  # the archive has a newer package, and the answer is known now
        return _made(target, image, kernel, store, progress=progress, whole=whole)


def _made(
    target: Target,
    image: str | Path,
    kernel: KernelArtifact,
    store: Store,
    *,
    progress: Progress,
    whole: Callable[[], KernelArtifact] | None,
) -> Path:
    recipe = image_of(image)
    apt = AptRoot(store, target.arch.debian, suite=target.kernel.suite, progress=progress)
    packages: dict[str, Answer] = {}
    files: dict[str, str] = {}
    for name in recipe.init:
        part = component(name)
        if part.package:
            packages[part.package] = apt.resolve(part.package)
        for source in part.own.values():
            files[f"{name}/{source}"] = hashlib.sha256(own_file(name, source)).hexdigest()
    packing = packing_of(kernel, small=True)
    inputs = {
        "version": _VERSION,
        "form": list(packing),
        "arch": target.arch,
        "components": [
            component(name).model_dump(mode="json", exclude={"needs"}) | {"name": name} for name in recipe.init
        ],
        "packages": {package: answer.sha256 for package, answer in packages.items()},
        "own": files,
        # Without a tree of modules the kernel has no part in an initrd.
        "modules": [kernel.key, list(target.drivers), list(helpers_of(target))] if kernel.modules else None,
        "steps": steps_of(target, ()),
    }

    def make(folder: Path) -> None:
        progress(f"packing the initrd of {target.name}")
        current = whole() if whole else kernel
        work = folder / "work"
        work.mkdir()
        # Those that the first program needs before it has mounted anything: its console, and the kernel's log.
        nodes = [character("dev/console", 5, 1), character("dev/kmsg", 1, 11)]
        for name in recipe.init:
            nodes += _component(name, apt, packages, work / name)
        load: tuple[str, ...] = ()
        if current.modules:
            needed = modules_for(target, current)
            load = needed.load
            nodes += module_entries(current.modules, current.release, needed, work / "modules")
        nodes.append(file(PATH, steps_of(target, load).encode()))
        with (folder / "initrd").open("wb") as out:
            pack(nodes, out, packing)
        shutil.rmtree(work)

    return store.get("initrd", inputs, make, room=256 << 20) / "initrd"


def _component(name: str, apt: AptRoot, packages: Mapping[str, Answer], work: Path) -> list[Entry]:
    """The entries of one component."""
    part = component(name)
    nodes = [folder(path) for path in part.folders]
    nodes += [link(path, to) for path, to in part.links.items()]
    for path, source in part.own.items():
        data = own_file(name, source)
        # By content and not by mode, which a wheel or a checkout on another system may lose.
        nodes.append(file(path, data, executable=data.startswith(b"#!")))
    if part.package and part.files:
        wanted = {inner for inners in part.files.values() for inner in inners}
        deb = fetch_exact(apt, part.package, packages[part.package])
        found = set(unpack(deb, work, lambda inner: inner if inner in wanted else None))
        for path, inners in part.files.items():
            inner = next((inner for inner in inners if inner in found), None)
            if inner is None:
                raise HostError(f"{part.package} for {apt.arch} has no {' or '.join(inners)}")
            executable = bool((work / inner).stat().st_mode & 0o100)
            nodes.append(file(path, work / inner, executable=executable))
    return nodes
