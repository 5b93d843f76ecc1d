"""`kernel+erofs`: as kernel+initrd, but the root file system stays on a disk, read-only."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.readonly import write_erofs
from harness.image.media.rootdisk import write_root_disk
from harness.image.writing import Job

NAME = "kernel+erofs"
ABOUT = "the kernel, its command line, a small initrd and the root file system as erofs for a disk"


def write(job: Job) -> list[Path]:
    """NAME-kernel, NAME-cmdline, NAME-initrd.img and NAME-erofs.img."""
    return write_root_disk(job, NAME, "erofs", write_erofs)
