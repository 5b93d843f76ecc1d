"""systemd-boot: starts the kernel that lies beside it as a file, where a BIOS shall find the same one."""

from __future__ import annotations

from pathlib import Path

from harness.errors import InputError
from harness.image.media.payload import Payload
from harness.image.media.uki import boot_path, efi_file, refuse_without_efi
from harness.image.writing import Job

_ENTRY = "loader/entries/linux.conf"
_SETTINGS = "timeout 0\neditor no\n"


def boot_menu(made: Payload, job: Job, form: str, kernel: str, initrd: str) -> dict[str, Path]:
    """Files to add to a FAT so that UEFI starts `kernel` and `initrd`, which are paths in it."""
    refuse_without_efi(made.kernel, job.arch, form)
    if not made.words.isprintable():
        raise InputError("the kernel's command line has a control character", hint="see kernel.cmdline in the YAML")
    entry, settings = made.folder / "linux.conf", made.folder / "loader.conf"
    entry.write_text(f"title {job.name}\nlinux /{kernel}\ninitrd /{initrd}\noptions {made.words}\n", encoding="utf-8")
    settings.write_text(_SETTINGS, encoding="ascii")
    loader = efi_file("systemd-boot{}.efi", job.arch)
    return {boot_path(job.arch): loader, "loader/loader.conf": settings, _ENTRY: entry}
