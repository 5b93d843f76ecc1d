"""`vhdx`: a disk for Hyper-V's Generation 2, whose machines have UEFI."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.convert import VHDX, write_converted
from harness.image.media.disks import efi_disk
from harness.image.writing import Job

NAME = "vhdx"
ABOUT = "a VHDX for UEFI: Hyper-V generation 2"


def write(job: Job) -> list[Path]:
    """NAME.vhdx."""
    path = job.path(".vhdx")
    write_converted(job, NAME, path, efi_disk, VHDX)
    return [path]
