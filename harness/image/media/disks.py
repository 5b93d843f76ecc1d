"""Raw disks that boot: what every disk format is made of."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.fat import FAT32_FROM, write_fat
from harness.image.media.grub import disk_script, install_in_mbr, refuse_other_than_x86, write_core
from harness.image.media.partitions import ESP, FAT32_LBA, Partition, Table, write_disk
from harness.image.media.payload import payload
from harness.image.media.uki import boot_path, write_uki
from harness.image.writing import Job
from harness.words import Arch


def efi_disk(job: Job, form: str, path: Path, *, size: int | None = None) -> None:
    """A GPT with one partition, the ESP, and in it a unified kernel image. `size`: as `write_disk` has it."""
    with payload(job, form) as made:
        esp = made.folder / "esp"
        write_fat(esp, {boot_path(job.arch): write_uki(made, job.arch, form)}, "ESP", least=FAT32_FROM)
        write_disk(path, Table.GPT, [Partition(ESP, "ESP", esp)], size=size)


def bios_disk(job: Job, form: str, path: Path, *, size: int | None = None) -> None:
    """An MBR with GRUB and one partition, a FAT with the kernel and the initrd. `size`: as `write_disk` has it."""
    refuse_other_than_x86(job.arch, form)
    with payload(job, form) as made:
        boot = made.folder / "boot"
        write_fat(boot, {"boot/kernel": made.kernel, "boot/initrd.img": made.initrd}, "BOOT", least=FAT32_FROM)
        write_disk(path, Table.MBR, [Partition(FAT32_LBA, "boot", boot, active=True)], size=size)
        install_in_mbr(path, write_core(made.folder, disk_script(made.words), "i386-pc", ("part_msdos", "fat")))


def usual_disk(job: Job, form: str, path: Path, *, size: int | None = None) -> None:
    """As clouds and hypervisors start a machine where nothing else was asked of them: BIOS on x86_64, else UEFI."""
    (bios_disk if job.arch is Arch.X86_64 else efi_disk)(job, form, path, size=size)
