"""The initrd of a target: an image's components, the modules that this target needs, and nothing else."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from harness.errors import HostError
from harness.image import cpio
from harness.image.entries import Entry, character, file, folder, link
from harness.image.recipe import component, own_file
from harness.image.recipe import image as image_of
from harness.image.steps import PATH, helpers_of, steps_of
from harness.kernel.aptroot import Answer, AptRoot
from harness.kernel.artifact import KernelArtifact
from harness.kernel.debian import Superseded, fetch_exact, unpack
from harness.kernel.distro import depmod, target_file
from harness.kernel.modules import KEPT_LISTS, Closure, closure, copy_module, read_index
from harness.plan.target import Target
from harness.store import Progress, Store, silent

_VERSION = 1  # of what this file does; part of the key
_ZSTD_LEVEL = 9  # measured on 5 MB: 0.1 s to 32%; 19 takes 1.6 s to 30%
_GZIP_LEVEL = 6
# What modprobe reads of depmod's lists; the binary ones are for kmod's, the text for busybox's.
_LISTS = (
    "modules.alias", "modules.alias.bin", "modules.builtin", "modules.builtin.bin", "modules.dep", "modules.dep.bin",
    "modules.order", "modules.softdep", "modules.symbols", "modules.symbols.bin",
)  # fmt: skip


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
    packing = _packing(kernel)
    inputs = {
        "version": _VERSION,
        "form": packing,
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
        nodes = [character("dev/console", 5, 1)]
        for name in recipe.init:
            nodes += _component(name, apt, packages, work / name)
        load: tuple[str, ...] = ()
        if current.modules:
            load, modules = modules_of(target, current, work / "modules")
            nodes += modules
        nodes.append(file(PATH, steps_of(target, load).encode()))
        with (folder / "initrd").open("wb") as out:
            _pack(nodes, out, packing[0])
        shutil.rmtree(work)

    return store.get("initrd", inputs, make, room=256 << 20) / "initrd"


def _packing(kernel: KernelArtifact) -> list[str | int]:
    """How the archive is packed: the form, its level, its library's version, as far as it has them.

    A matched kernel's is plain: to unpack its 2 MB would take 60 ms of an emulated boot's 600.
    """
    if kernel.matched and not kernel.modules:
        return ["plain"]
    if kernel.config and kernel.option("RD_ZSTD") == "y":
        return ["zstd", _ZSTD_LEVEL, _zstd_version()]
    return ["gzip", _GZIP_LEVEL]


def modules_of(target: Target, kernel: KernelArtifact, work: Path) -> tuple[tuple[str, ...], list[Entry]]:
    """The names of the modules that a target loads of a kernel that has modules, in order, and the tree of them.

    `work`: a new folder for files that the entries are read from. Raises InputError for a driver that is not there.
    """
    assert kernel.modules is not None  # noqa: S101 -- asked by the caller
    index = read_index(kernel.modules / "lib/modules" / kernel.release)
    needed = closure(index, target.drivers, helpers_of(target), where=target_file(target, "drivers"))
    return needed.load, _modules(kernel.modules, kernel.release, needed, work)


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


def _modules(root: Path, release: str, needed: Closure, work: Path) -> list[Entry]:
    """The entries of lib/modules: the closure, unpacked, with an index of its own."""
    source, tree = root / "lib/modules" / release, work / "lib/modules" / release
    tree.mkdir(parents=True)
    names = [copy_module(source, tree, file) for file in needed.files]
    for name in KEPT_LISTS:
        if (source / name).is_file():
            shutil.copyfile(source / name, tree / name)
    depmod(work, release)
    present = [name for name in _LISTS if (tree / name).is_file()]
    return [file(f"lib/modules/{release}/{name}", tree / name) for name in names + present]


def _pack(nodes: list[Entry], out: BinaryIO, form: str | int) -> None:
    if form == "plain":
        cpio.write(nodes, out)
        return
    if form == "zstd":
        import zstandard

        # One thread: with more, the bytes depend on how many.
        packer = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, threads=0, write_checksum=True)
        with packer.stream_writer(out, closefd=False) as stream:
            cpio.write(nodes, stream)
        return
    import gzip

    with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=out, mtime=0) as packed:
        cpio.write(nodes, packed)


def _zstd_version() -> str:
    """zstandard's version: another one may pack the same to other bytes. Not by importing it, which takes 20 ms."""
    from importlib.metadata import version

    return version("zstandard")
