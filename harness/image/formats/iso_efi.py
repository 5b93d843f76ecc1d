"""`iso-efi`: an ISO that UEFI starts."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.iso import efi_iso
from harness.image.media.payload import payload
from harness.image.writing import Job

NAME = "iso-efi"
ABOUT = "an ISO for UEFI: El Torito, unified kernel image"


def write(job: Job) -> list[Path]:
    """NAME-efi.iso."""
    path = job.path("-efi.iso")
    with payload(job, NAME) as made:
        efi_iso(made, job.arch, NAME, path)
    return [path]
