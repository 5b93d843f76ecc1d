"""The initrd of a cell whose image is an assembly of containers: the assembly, and what this target needs for it.

The cell's kernel takes the place of the assembly's own.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from harness.errors import InputError
from harness.image import cpio
from harness.image.compose import compose
from harness.image.entries import Bytes, Entry, Kind, file
from harness.image.files import add_files
from harness.image.fits import refuse_too_large
from harness.image.incell import InCell
from harness.image.moduletree import module_entries, modules_for
from harness.image.packing import pack, packing_of
from harness.image.resolve import resolved_images
from harness.image.sources import image_source
from harness.image.spec.identity import ids_of
from harness.image.sshkey import public_half, ssh_key
from harness.image.steps import PATH, helpers_of, steps_of
from harness.image.tree import Tree
from harness.image.yaml.assembly import SECTIONS, Assembly, read
from harness.image.yaml.metadata import metadata_of
from harness.image.yaml.schema import Kernel
from harness.kernel.artifact import KernelArtifact
from harness.plan.target import Target
from harness.store import Progress, Store, silent

_VERSION = 1  # of what this file does; part of the key
_MODULES = "usr/lib"  # where lib leads to in every assembly with a component of ours


def assembly_initrd(
    target: Target,
    image: Path,
    asked: InCell,
    kernel: KernelArtifact,
    store: Store,
    progress: Progress = silent,
    *,
    whole: Callable[[], KernelArtifact] | None = None,
) -> Path:
    """The initrd in the store. Same inputs, same bytes.

    `target`: fitted to the image. `whole`: called before modules are read, to have the kernel's tree checked and
    mended. Raises InputError for what the assembly or the target's drivers lack, and, with the numbers, for an image
    that the machine's memory does not hold.
    """
    assembly = replace(read([image]), kernel=Kernel())
    for placed in assembly.trust:
        if placed.value.required:
            raise InputError("a cell has no repository of signed images", where=placed.where(), hint="see image build")
    source = image_source(store, progress)
    images = resolved_images(assembly, source, target.arch)
    own = list(_own(asked, store))
    packing = packing_of(kernel, small=False)
    modules = [kernel.key, list(target.drivers), list(helpers_of(target)), list(asked.modules)]
    inputs = {
        "version": _VERSION,
        "form": list(packing),
        "arch": target.arch,
        "assembly": hashlib.sha256(image.read_bytes()).hexdigest(),
        "images": {ref: resolved.digest for ref, resolved in sorted(images.items())},
        "files": _digest([*_files(assembly), *own]),
        "modules": modules if kernel.modules else None,
        "steps": steps_of(target, ()),
    }

    def make(folder: Path) -> None:
        progress(f"packing {image.stem} for {target.name}")
        work = folder / "work"
        work.mkdir()
        of_target = _of_target(target, asked, whole() if whole else kernel, work)
        entries = compose(assembly, images, source, [*own, *of_target])
        with (folder / "initrd").open("wb") as out:
            unpacked = pack(entries, out, packing, cpio.write_ordered)
        (folder / "unpacked").write_text(str(unpacked), encoding="ascii")
        shutil.rmtree(work)

    made = store.get("initrd", inputs, make, room=1 << 30)
    unpacked = int((made / "unpacked").read_text(encoding="ascii"))
    sizes = kernel.image.stat().st_size, (made / "initrd").stat().st_size
    refuse_too_large(*sizes, unpacked, target.machine.memory << 20)
    return made / "initrd"


def _of_target(target: Target, asked: InCell, kernel: KernelArtifact, work: Path) -> list[Entry]:
    """The steps of this target's init, and its modules."""
    found: list[Entry] = []
    load: Sequence[str] = ()
    if kernel.modules:
        needed = modules_for(target, kernel, asked.modules)
        load = needed.load
        found = module_entries(kernel.modules, kernel.release, needed, work, below=_MODULES)
    return [*found, file(PATH, steps_of(target, load).encode())]


def _own(asked: InCell, store: Store) -> list[Entry]:
    """The public key of the harness, where the assembly asks for it."""
    if asked.key is None:
        return []
    return [Entry(asked.key, Kind.FILE, 0o600, Bytes(public_half(ssh_key(store))))]


def _files(assembly: Assembly) -> list[Entry]:
    """The assembly's `files`, which may be read from disk."""
    ids = ids_of(placed.value.name for section in SECTIONS for placed in assembly.containers(section))
    tree = Tree()
    add_files(tree, assembly.files, ids, lambda form: metadata_of(assembly, form))
    return list(tree)


def _digest(entries: Sequence[Entry]) -> str:
    found = hashlib.sha256()
    for entry in entries:
        content = b"".join(entry.content.chunks()) if entry.content else b""
        words = (entry.path, entry.kind, entry.mode, entry.target, entry.uid, entry.gid, content)
        found.update(repr(words).encode())
    return found.hexdigest()
