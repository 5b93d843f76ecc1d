"""One zstd stream at the highest level that a kernel unpacks in little memory: for what is sent far and made seldom."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import BinaryIO

from harness.image.cpio import Sink

# Measured on 109 MB, a containerd: 50 s of a processor to 27%, where gzip's level 2 takes 1 s to 37%. Above 19 the
# window grows past 8 MiB, and a kernel has to find that much memory in one piece.
LEVEL = 19


@contextlib.contextmanager
def smallest(out: BinaryIO) -> Iterator[Sink]:
    """A sink whose bytes go to `out`, compressed: the same on every host."""
    import zstandard

    # One thread: with more, the bytes depend on how many.
    packer = zstandard.ZstdCompressor(level=LEVEL, threads=0, write_checksum=True)
    with packer.stream_writer(out, closefd=False) as packed:
        yield packed
