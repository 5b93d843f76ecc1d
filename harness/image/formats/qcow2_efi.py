"""`qcow2-efi`: a disk of QEMU's own format that UEFI starts."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.convert import QCOW2, write_converted
from harness.image.media.disks import efi_disk
from harness.image.writing import Job

NAME = "qcow2-efi"
ABOUT = "a qcow2 disk for UEFI, as raw-efi"


def write(job: Job) -> list[Path]:
    """NAME-efi.qcow2."""
    path = job.path("-efi.qcow2")
    write_converted(job, NAME, path, efi_disk, QCOW2)
    return [path]
