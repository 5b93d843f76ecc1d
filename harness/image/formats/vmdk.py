"""`vmdk`: a disk for VMware and VirtualBox."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.convert import VMDK, write_converted
from harness.image.media.disks import usual_disk
from harness.image.writing import Job

NAME = "vmdk"
ABOUT = "a sparse VMDK: BIOS and UEFI on x86_64, UEFI on arm64"


def write(job: Job) -> list[Path]:
    """NAME.vmdk."""
    path = job.path(".vmdk")
    write_converted(job, NAME, path, usual_disk, VMDK)
    return [path]
