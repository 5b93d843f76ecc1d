"""Raw disks that boot: what every disk format is made of."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.fat import FAT32_FROM, write_fat
from harness.image.media.partitions import ESP, Partition, Table, write_disk
from harness.image.media.payload import payload
from harness.image.media.uki import boot_path, write_uki
from harness.image.writing import Job


def efi_disk(job: Job, form: str, path: Path, *, size: int | None = None) -> None:
    """A GPT with one partition, the ESP, and in it a unified kernel image. `size`: as `write_disk` has it."""
    with payload(job, form) as made:
        esp = made.folder / "esp"
        write_fat(esp, {boot_path(job.arch): write_uki(made, job.arch, form)}, "ESP", least=FAT32_FROM)
        write_disk(path, Table.GPT, [Partition(ESP, "ESP", esp)], size=size)
