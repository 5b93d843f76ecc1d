"""ISO 9660 images that boot (El Torito), by xorriso."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from harness.image.media.fat import write_fat
from harness.image.media.grub import INITRD_FILE, KERNEL_FILE, iso_script, refuse_other_than_x86, write_core
from harness.image.media.payload import Payload
from harness.image.media.tools import run
from harness.image.media.uki import boot_path, write_uki
from harness.image.rootfs import EPOCH
from harness.words import Arch

_VOLUME = "BOOTMATRIX"
_DATE = f"{datetime.fromtimestamp(EPOCH, UTC):%Y%m%d%H%M%S}00"  # with hundredths
_EFI_IMAGE = "boot/efi.img"
_CORE = "boot/eltorito.img"


def efi_iso(made: Payload, arch: Arch, form: str, path: Path) -> None:
    """An ISO that UEFI starts: its boot image is a FAT with a unified kernel image."""
    image = made.folder / "efi.img"
    program = write_uki(made, arch, form)
    write_fat(image, {boot_path(arch): program}, "ESP")
    # The field for the boot image's length holds 32 MiB. With none given, firmware takes all that follows on the disc
    # for it, and the FAT says itself how long it is.
    _write(path, made.folder, {_EFI_IMAGE: image}, ["-e", _EFI_IMAGE, "-no-emul-boot", "-boot-load-size", "0"])


def bios_iso(made: Payload, arch: Arch, form: str, path: Path) -> None:
    """An ISO that a BIOS starts: GRUB as its boot image, and the kernel and the initrd as files."""
    refuse_other_than_x86(arch, form)
    core = write_core(made.folder, iso_script(made.words), "i386-pc-eltorito", ("iso9660",))
    files = {_CORE: core, KERNEL_FILE: made.kernel, INITRD_FILE: made.initrd}
    # GRUB reads the rest of itself by the table that xorriso writes into it, and loads no more by the catalogue.
    _write(path, made.folder, files, ["-b", _CORE, "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"])


def _write(path: Path, work: Path, files: Mapping[str, Path], boot: list[str]) -> None:
    """Write the image: `files` by their path on the disc, and xorriso's words about what boots."""
    root = work / "iso"
    for name, source in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o644)
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    # Level 3: files beyond 4 GiB.
    run(
        "xorriso", "-no_rc", "-as", "mkisofs", "-quiet", "-iso-level", "3", "-rock", "-joliet", "-V", _VOLUME,
        f"--modification-date={_DATE}", "--set_all_file_dates", f"={EPOCH}", "-uid", "0", "-gid", "0",
        "-c", "boot/boot.cat", *boot, "-o", path, root,
    )  # fmt: skip
