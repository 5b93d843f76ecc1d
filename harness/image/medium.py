"""The medium that a cell is booted from, in the store: its kernel, initrd and command line as an ISO or a disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from harness.errors import InputError
from harness.image.media.disks import write_bios_disk, write_efi_disk
from harness.image.media.identity import digest_of
from harness.image.media.iso import bios_iso, efi_iso
from harness.image.media.payload import Payload
from harness.image.media.signing import sign_in_place, signer_of
from harness.kernel.distro import target_file
from harness.plan.target import Target
from harness.store import Store
from harness.words import Arch

_VERSION = 1  # of what the writers make; part of the key
_WRITERS: Mapping[tuple[str, str], Callable[[Payload, Arch, str, Path], None]] = {
    ("iso", "bios"): bios_iso,
    ("iso", "uefi"): efi_iso,
    ("disk", "bios"): write_bios_disk,
    ("disk", "uefi"): write_efi_disk,
}


def boot_medium(target: Target, media: str, kernel: Path, initrd: Path, cmdline: str, store: Store) -> Path:
    """The image file. `media`: `iso` or `disk`; which of its kinds is the target's firmware's to say.

    Raises InputError for a target without firmware, or whose kernel its firmware cannot start.
    """
    firmware = target.machine.firmware
    writer = _WRITERS.get((media, firmware))
    if writer is None:
        raise InputError(
            f"{target.name} has no firmware that could start it from media {media!r}",
            where=target_file(target, "machine.firmware"),
            hint="exclude these cells in matrix.yml, or give the target firmware: bios or uefi",
        )
    inputs = {
        "version": _VERSION,
        "media": [media, firmware],
        "arch": target.arch,
        "files": digest_of(kernel, initrd),
        "cmdline": cmdline,
    }
    signer = signer_of(store) if target.machine.secure_boot else None
    if signer:
        inputs["signer"] = signer.digest

    def make(folder: Path) -> None:
        work = folder / "work"
        work.mkdir()
        words = work / "cmdline"
        words.write_text(cmdline, encoding="utf-8")
        sign = partial(sign_in_place, signer) if signer else None
        writer(Payload(work, kernel, words, initrd, sign), target.arch, media, folder / "medium")
        shutil.rmtree(work)

    return store.get("medium", inputs, make, room=512 << 20) / "medium"
