"""`iso-bios`: an ISO that a BIOS starts."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.iso import bios_iso
from harness.image.media.payload import payload
from harness.image.writing import Job

NAME = "iso-bios"
ABOUT = "an ISO for a BIOS: El Torito, GRUB, kernel and initrd (x86_64)"


def write(job: Job) -> list[Path]:
    """NAME-bios.iso."""
    path = job.path("-bios.iso")
    with payload(job, NAME) as made:
        bios_iso(made, job.arch, NAME, path)
    return [path]
