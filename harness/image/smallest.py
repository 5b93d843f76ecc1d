"""One zstd stream, as small as a kernel still unpacks: for what is sent far and made seldom."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import BinaryIO

from harness.image.cpio import Sink

# Measured on 109 MB, a containerd and two containers: a minute of a processor to 20 %, where gzip's level 2 takes 1 s
# to 37 %.
LEVEL = 19
# 64 MiB, where most of a container's libraries are found again in the next one; without, 27 %. A kernel holds as much
# in memory while it unpacks, and refuses more than twice that (lib/decompress_unzstd.c).
WINDOW = 26


@contextlib.contextmanager
def smallest(out: BinaryIO) -> Iterator[Sink]:
    """A sink whose bytes go to `out`, compressed: the same on every host."""
    import zstandard

    # One thread: with more, the bytes depend on how many.
    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, window_log=WINDOW, enable_ldm=True, write_checksum=True, threads=0
    )
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    with packer.stream_writer(out, closefd=False) as packed:
        yield packed
