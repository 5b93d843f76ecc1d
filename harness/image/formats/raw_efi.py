"""`raw-efi`: a raw disk that UEFI starts."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.disks import efi_disk
from harness.image.writing import Job

NAME = "raw-efi"
ABOUT = "a raw disk for UEFI: GPT, ESP, unified kernel image"


def write(job: Job) -> list[Path]:
    """NAME-efi.img."""
    path = job.path("-efi.img")
    efi_disk(job, NAME, path)
    return [path]
