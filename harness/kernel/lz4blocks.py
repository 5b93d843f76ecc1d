"""Unpacking what the kernel's build packs by lz4: the legacy frame, a magic and then blocks, each after its size."""

from __future__ import annotations

from harness.errors import InputError, Where
from harness.kernel.inflate import Plain

_BLOCK = 8 << 20  # bytes that a block unpacks to, but for the last (lib/decompress_unlz4.c)
_BOUND = _BLOCK + _BLOCK // 255 + 16  # bytes that lz4 may need for them


class Lz4Blocks:
    """What the frame at the source's position unpacks to, a block at a time.

    `read` raises InputError for damaged data. What follows the last block (x86 puts the kernel's size there) is no
    block, and ends it.
    """

    def __init__(self, source: Plain, where: Where) -> None:
        self._source, self._where = source, where
        self._ready = memoryview(b"")
        self.position = 0
        source.read(4)

    def read(self, size: int) -> bytes:
        """`size` bytes; fewer at the end."""
        data = b""
        while len(data) < size:
            if not self._ready:
                self._ready = memoryview(self._block())
                if not self._ready:
                    break
            part, self._ready = self._ready[: size - len(data)], self._ready[size - len(data) :]
            data += part
        self.position += len(data)
        return data

    def _block(self) -> bytes:
        import lz4.block  # type: ignore[import-untyped]

        head = self._source.read(4)
        size = int.from_bytes(head, "little")
        if len(head) < 4 or not 0 < size <= _BOUND:
            self._source.put_back(head)
            return b""
        packed = self._source.read(size)
        if len(packed) < size:
            return b""
        try:
            return bytes(lz4.block.decompress(packed, uncompressed_size=_BLOCK))
        except lz4.block.LZ4BlockError as problem:
            raise InputError(f"corrupt lz4 data: {problem}", where=self._where) from problem
