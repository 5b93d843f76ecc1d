"""Packing as `lz4 -l` does: the legacy frame, the only one that the kernel's lib/decompress_unlz4.c reads.

A magic, then blocks of 8 MiB, each packed alone and after its packed size.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import lz4.block  # type: ignore[import-untyped]

_MAGIC = 0x184C2102
_BLOCK = 8 << 20


class Lz4Legacy:
    """A sink whose every 8 MiB become a block of `out`. As a context, it writes what is left at its end."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._held = bytearray()
        out.write(struct.pack("<I", _MAGIC))

    def __enter__(self) -> Lz4Legacy:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and self._held:
            self._pack(self._held)

    def write(self, data: bytes, /) -> int:
        """Take `data`; returns its size."""
        self._held += data
        whole = len(self._held) - len(self._held) % _BLOCK
        if whole:
            with memoryview(self._held) as held:
                for start in range(0, whole, _BLOCK):
                    self._pack(held[start : start + _BLOCK])
            del self._held[:whole]
        return len(data)

    def _pack(self, block: bytearray | memoryview) -> None:
        packed = lz4.block.compress(block, store_size=False)
        self._out.write(struct.pack("<I", len(packed)))
        self._out.write(packed)
