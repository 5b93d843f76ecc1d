"""How an initrd is packed for a kernel, so that the same entries give the same bytes everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import BinaryIO

from harness.image import cpio
from harness.image.entries import Entry
from harness.kernel.artifact import KernelArtifact

Packing = tuple[str | int, ...]  # the form, its level, its library's version, as far as it has them
_ZSTD_LEVEL = 9  # measured on 5 MB: 0.1 s to 32%; 19 takes 1.6 s to 30%
_GZIP_LEVEL = 6


def packing_of(kernel: KernelArtifact, *, small: bool) -> Packing:
    """What the kernel is known to unpack.

    `small`: an initrd of 2 MB, which a matched kernel gets plain: to unpack it would take 60 ms of an emulated boot's
    600. Any other would lie in memory twice at its full size, and gets lz4: of 330 MB, an emulated x86_64 unpacks that
    in 2 s and zstd in 4 to 6, while the firmware hands over 165 MB as soon as 100.
    """
    if kernel.matched and not kernel.modules and small:
        return ("plain",)
    if kernel.config and kernel.option("RD_LZ4") == "y" and not small:
        return ("lz4", version("lz4"))
    if kernel.config and kernel.option("RD_ZSTD") == "y":
        # Another version may pack the same to other bytes. Its own word for it costs an import of 20 ms.
        return ("zstd", _ZSTD_LEVEL, version("zstandard"))
    return ("gzip", _GZIP_LEVEL)


def pack(
    entries: Sequence[Entry],
    out: BinaryIO,
    packing: Packing,
    write: Callable[[Sequence[Entry], cpio.Sink], int] = cpio.write,
) -> int:
    """Write the archive; returns the bytes it unpacks to. `write`: one of cpio's, by the order of the entries."""
    if packing[0] == "plain":
        return write(entries, out)
    if packing[0] == "lz4":
        from harness.image.lz4legacy import Lz4Legacy

        with Lz4Legacy(out) as blocks:
            return write(entries, blocks)
    if packing[0] == "zstd":
        import zstandard

        # One thread: with more, the bytes depend on how many.
        packer = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, threads=0, write_checksum=True)
        with packer.stream_writer(out, closefd=False) as stream:
            return write(entries, stream)
    import gzip

    with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=out, mtime=0) as packed:
        return write(entries, packed)
