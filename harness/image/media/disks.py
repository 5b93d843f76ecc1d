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
from harness.image.media.payload import payload
from harness.image.media.uki import boot_path, write_uki
from harness.image.writing import Job
from harness.words import Arch


def efi_disk(job: Job, form: str, path: Path, *, unit: int = MIB) -> None:
    """A GPT with one partition, the ESP, and in it a unified kernel image. `unit`: as `write_disk` has it."""
    with payload(job, form) as made:
        esp = made.folder / "esp"
        program = write_uki(made, job.arch, form)
        write_fat(esp, {boot_path(job.arch): program}, "ESP", least=FAT32_FROM)
        write_disk(path, Table.GPT, [Partition(ESP, "ESP", esp)], unit=unit)


def bios_disk(job: Job, form: str, path: Path, *, unit: int = MIB) -> None:
    """An MBR with GRUB and one partition, a FAT with the kernel and the initrd. `unit`: as `write_disk` has it."""
    _grub_disk(job, form, path, unit, uefi=False)


def usual_disk(job: Job, form: str, path: Path, *, unit: int = MIB) -> None:
    """As clouds and hypervisors take them: for a BIOS and for UEFI on x86_64, where both are about; else for UEFI."""
    if job.arch is Arch.X86_64:
        _grub_disk(job, form, path, unit, uefi=True)
    else:
        efi_disk(job, form, path, unit=unit)


def mbr_disk(path: Path, files: Mapping[str, Path], fat: Path, *, kind: str = FAT32_LBA, unit: int = MIB) -> None:
    """An MBR with one partition, a FAT32 with these files, which is written to `fat` first."""
    write_fat(fat, files, "BOOT", least=FAT32_FROM)
    write_disk(path, Table.MBR, [Partition(kind, "boot", fat, active=True)], unit=unit)


def _grub_disk(job: Job, form: str, path: Path, unit: int, *, uefi: bool) -> None:
    refuse_other_than_x86(job.arch, form)
    with payload(job, form) as made:
        files = {KERNEL_FILE: made.kernel, INITRD_FILE: made.initrd}
        if uefi:
            files |= boot_menu(made, job, form, KERNEL_FILE, INITRD_FILE)
        mbr_disk(path, files, made.folder / "boot", kind=MBR_ESP if uefi else FAT32_LBA, unit=unit)
        install_in_mbr(path, write_core(made.folder, disk_script(made.words), "i386-pc", ("part_msdos", "fat")))
