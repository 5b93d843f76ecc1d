"""Scratch disks: empty, but for a label by which the guest finds the disk whatever its driver calls it."""

from __future__ import annotations

import os
from pathlib import Path

SECTOR = 512


def label(index: int) -> bytes:
    """The first bytes of scratch disk `index` (its place among the target's disks, from 0)."""
    return b"bootmatrix-disk-%d\n" % index


def write_scratch(path: Path, index: int, size_mib: int) -> None:
    """Make the sparse raw image of a scratch disk; it takes one sector of space. OSError where it cannot be written."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(label(index).ljust(SECTOR, b"\0"))
        stream.truncate(size_mib << 20)
