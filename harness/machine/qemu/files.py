"""The files a QEMU machine may write to: copies of its own, sparse where the original is empty."""

from __future__ import annotations

from pathlib import Path

_PIECE = 1 << 16
_EMPTY = bytes(_PIECE)


def copy_sparse(source: Path, destination: Path) -> None:
    """Copy, leaving holes for runs of zeroes: a UEFI variable store of 64 MiB holds a few kilobytes. Raises OSError."""
    with source.open("rb") as original, destination.open("wb") as copy:
        while piece := original.read(_PIECE):
            if piece == _EMPTY[: len(piece)]:
                copy.seek(len(piece), 1)
            else:
                copy.write(piece)
        copy.truncate()
