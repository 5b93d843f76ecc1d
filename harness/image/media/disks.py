"""Raw disks that boot: what every disk format is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.image.media.bootmenu import boot_menu
from harness.image.media.fat import FAT32_FROM, MIB, write_fat
from harness.image.media.grub import (
    INITRD_FILE,
    KERNEL_FILE,
    disk_script,
    install_in_mbr,
    refuse_other_than_x86,
    write_core,
)
from harness.image.media.partitions import ESP, FAT32_LBA, MBR_ESP, Partition, Table, write_disk
from harness.image.media.payload import Payload, payload
from harness.image.media.uki import boot_path, write_uki
from harness.image.writing import Job
from harness.words import Arch


def efi_disk(job: Job, form: str, path: Path, *, unit: int = MIB) -> None:
    """A GPT with one partition, the ESP, and in it a unified kernel image. `unit`: as `write_disk` has it."""
    with payload(job, form) as made:
        write_efi_disk(made, job.arch, form, path, unit=unit)


def bios_disk(job: Job, form: str, path: Path, *, unit: int = MIB) -> None:
    """An MBR with GRUB and one partition, a FAT with the kernel and the initrd. `unit`: as `write_disk` has it."""
    with payload(job, form) as made:
        write_bios_disk(made, job.arch, form, path, unit=unit)


def usual_disk(job: Job, form: str, path: Path, *, unit: int = MIB) -> None:
    """As clouds and hypervisors take them: for a BIOS and for UEFI on x86_64, where both are about; else for UEFI."""
    if job.arch is Arch.X86_64:
        with payload(job, form) as made:
            uefi = boot_menu(made, job, form, KERNEL_FILE, INITRD_FILE)
            write_bios_disk(made, job.arch, form, path, unit=unit, uefi=uefi)
    else:
        efi_disk(job, form, path, unit=unit)


def mbr_disk(path: Path, files: Mapping[str, Path], fat: Path, *, kind: str = FAT32_LBA, unit: int = MIB) -> None:
    """An MBR with one partition, a FAT32 with these files, which is written to `fat` first."""
    write_fat(fat, files, "BOOT", least=FAT32_FROM)
    write_disk(path, Table.MBR, [Partition(kind, "boot", fat, active=True)], unit=unit)


def write_efi_disk(made: Payload, arch: Arch, form: str, path: Path, *, unit: int = MIB) -> None:
    """As `efi_disk`, of a payload."""
    esp = made.folder / "esp"
    program = write_uki(made, arch, form)
    write_fat(esp, {boot_path(arch): program}, "ESP", least=FAT32_FROM)
    write_disk(path, Table.GPT, [Partition(ESP, "ESP", esp)], unit=unit)


def write_bios_disk(
    made: Payload, arch: Arch, form: str, path: Path, *, unit: int = MIB, uefi: Mapping[str, Path] | None = None
) -> None:
    """As `bios_disk`, of a payload. `uefi`: files by which UEFI starts it too."""
    refuse_other_than_x86(arch, form)
    files = {KERNEL_FILE: made.kernel, INITRD_FILE: made.initrd, **(uefi or {})}
    mbr_disk(path, files, made.folder / "boot", kind=MBR_ESP if uefi else FAT32_LBA, unit=unit)
    install_in_mbr(path, write_core(made.folder, disk_script(made.words), "i386-pc", ("part_msdos", "fat")))
