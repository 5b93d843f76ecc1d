"""`aws`: a raw disk for Amazon EC2, to be imported as a snapshot. Its volumes are whole GiB; the import rounds up."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.disks import usual_disk
from harness.image.writing import Job

NAME = "aws"
ABOUT = "a raw disk for Amazon EC2: BIOS and UEFI on x86_64, UEFI on arm64"


def write(job: Job) -> list[Path]:
    """NAME.raw."""
    path = job.path(".raw")
    usual_disk(job, NAME, path)
    return [path]
