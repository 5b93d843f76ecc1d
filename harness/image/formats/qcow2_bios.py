"""`qcow2-bios`: a disk of QEMU's own format that a BIOS starts."""

from __future__ import annotations

from pathlib import Path

from harness.image.media.convert import QCOW2, write_converted
from harness.image.media.disks import bios_disk
from harness.image.writing import Job

NAME = "qcow2-bios"
ABOUT = "a qcow2 disk for a BIOS, as raw-bios (x86_64)"


def write(job: Job) -> list[Path]:
    """NAME-bios.qcow2."""
    path = job.path("-bios.qcow2")
    write_converted(job, NAME, path, bios_disk, QCOW2)
    return [path]
