"""`raw-bios`: a raw disk that a BIOS starts."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.disks import bios_disk
from harness.image.writing import Job

NAME = "raw-bios"
ABOUT = "a raw disk for a BIOS: MBR, GRUB, kernel and initrd in a FAT (x86_64)"


def write(job: Job) -> list[Path]:
    """NAME-bios.img."""
    path = job.path("-bios.img")
    bios_disk(job, NAME, path)
    return [path]
