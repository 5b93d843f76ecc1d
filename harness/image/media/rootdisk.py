"""The kernel, its command line, a small initrd and a read-only root file system, each a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.image.entries import Entry
from harness.image.kernelimage import UCODE
from harness.image.media.payload import write_kernel
from harness.image.media.rootfinder import write_finder
from harness.image.writing import Job


def write_root_disk(
    job: Job, form: str, fs: str, write_fs: Callable[[Sequence[Entry], Path, Path], None]
) -> list[Path]:
    """NAME-kernel, NAME-cmdline, NAME-initrd.img and NAME-<fs>.img.

    The initrd finds the file system on any disk, so the command line stays as it is.
    """
    kernel, cmdline = job.path("-kernel"), job.path("-cmdline")
    boot = write_kernel(job, form, kernel, cmdline)
    image, initrd = job.path(f"-{fs}.img"), job.path("-initrd.img")
    root = [entry for entry in job.entries if entry.path not in boot]
    with TemporaryDirectory(prefix="root-", dir=job.folder) as work:
        write_fs(root, image, Path(work))
        write_finder(root, job.arch, fs, image, initrd, Path(work), boot.get(UCODE))
    return [kernel, cmdline, initrd, image]
