"""`vhd`: a disk for Hyper-V's Generation 1 and for Azure, which takes fixed ones of whole MiB only."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.convert import VHD, write_converted
from harness.image.media.disks import usual_disk
from harness.image.writing import Job

NAME = "vhd"
ABOUT = "a fixed VHD: Azure, Hyper-V generation 1; BIOS and UEFI on x86_64"


def write(job: Job) -> list[Path]:
    """NAME.vhd."""
    path = job.path(".vhd")
    write_converted(job, NAME, path, usual_disk, VHD)
    return [path]
