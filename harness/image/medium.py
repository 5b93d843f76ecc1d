"""The medium that a cell is booted from, in the store: its kernel, initrd and command line as an ISO or a disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from harness.image.media.convert import RAW, DiskFormat, convert
from harness.image.media.disks import mbr_disk, write_bios_disk, write_efi_disk
from harness.image.media.identity import digest_of
from harness.image.media.iso import bios_iso, efi_iso
from harness.image.media.payload import Payload
from harness.image.media.signing import sign_in_place, signer_of
from harness.image.media.uki import write_uki
from harness.plan.target import Target
from harness.store import Store

_VERSION = 2  # of what the writers make; part of the key
_Writer = Callable[[Payload, Target, Path], None]

_ISOS: Mapping[str, _Writer] = {
    "bios": lambda made, target, path: bios_iso(made, target.arch, "iso", path),
    "uefi": lambda made, target, path: efi_iso(made, target.arch, "iso", path),
}
_DISKS: Mapping[str, _Writer] = {
    "bios": lambda made, target, path: write_bios_disk(made, target.arch, "disk", path),
    "uefi": lambda made, target, path: write_efi_disk(made, target.arch, "disk", path),
}


def iso_medium(target: Target, kernel: Path, initrd: Path, cmdline: str, store: Store) -> Path:
    """An ISO for the target's firmware (bios or uefi). Raises InputError for a kernel that it cannot start."""
    return _medium("iso", target, (kernel, initrd), cmdline, store, _ISOS[target.machine.firmware])


def disk_medium(target: Target, form: DiskFormat, kernel: Path, initrd: Path, cmdline: str, store: Store) -> Path:
    """A disk for the target's firmware, in any format. Raises InputError for a kernel that it cannot start."""
    write = _DISKS[target.machine.firmware]

    def converted(made: Payload, target: Target, path: Path) -> None:
        raw = made.folder / "disk.img"
        write(made, target, raw)
        convert(raw, path, form)

    return _medium(form.name, target, (kernel, initrd), cmdline, store, write if form is RAW else converted)


def efi_program(target: Target, kernel: Path, initrd: Path, cmdline: str, store: Store) -> Path:
    """Kernel, initrd and command line as one EFI program. Raises InputError for a kernel that UEFI cannot start."""

    def write(made: Payload, target: Target, path: Path) -> None:
        shutil.move(write_uki(made, target.arch, "an EFI program"), path)

    return _medium("efi-program", target, (kernel, initrd), cmdline, store, write)


def fat_medium(files: Mapping[str, Path], store: Store) -> Path:
    """A raw disk with an MBR and one FAT with these files, by their names, for a loader that is somewhere else."""
    names = sorted(files)
    inputs = {"version": _VERSION, "media": "fat", "names": names, "files": digest_of(*(files[name] for name in names))}

    def make(folder: Path) -> None:
        fat = folder / "fat"
        mbr_disk(folder / "medium", files, fat)
        fat.unlink()

    return store.get("medium", inputs, make, room=512 << 20) / "medium"


def _medium(kind: str, target: Target, files: tuple[Path, Path], cmdline: str, store: Store, write: _Writer) -> Path:
    inputs = {
        "version": _VERSION,
        "media": [kind, target.machine.firmware],
        "arch": target.arch,
        "files": digest_of(*files),
        "cmdline": cmdline,
    }
    signer = signer_of(store) if target.machine.secure_boot else None
    if signer:
        inputs["signer"] = signer.digest

    sign = partial(sign_in_place, signer) if signer else None

    def make(folder: Path) -> None:
        with _payload(folder / "work", files, cmdline, sign) as made:
            write(made, target, folder / "medium")

    return store.get("medium", inputs, make, room=512 << 20) / "medium"


@contextmanager
def _payload(
    work: Path, files: tuple[Path, Path], cmdline: str, sign: Callable[[Path], None] | None
) -> Iterator[Payload]:
    work.mkdir()
    words = work / "cmdline"
    words.write_text(cmdline, encoding="utf-8")
    kernel, initrd = files
    yield Payload(work, kernel, words, initrd, sign)
    shutil.rmtree(work)
