"""`kernel+initrd`: the kernel, its command line, and all the rest as an initramfs. LinuxKit's names of the files."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.payload import Payload, write_payload
from harness.image.writing import Job

NAME = "kernel+initrd"
ABOUT = "the kernel, its command line and an initrd, each a file"


def write(job: Job) -> list[Path]:
    """NAME-kernel, NAME-cmdline and NAME-initrd.img. The microcode, if any, is the initrd's beginning."""
    made = Payload(job.folder, job.path("-kernel"), job.path("-cmdline"), job.path("-initrd.img"))
    write_payload(job, NAME, made)
    return [made.kernel, made.cmdline, made.initrd]
