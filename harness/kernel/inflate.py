"""Reading a compressed stream piece by piece: memory stays bounded, and damage is told with the byte it is at."""

from __future__ import annotations

from typing import Any, BinaryIO, Protocol

from harness.errors import InputError, Where

_CHUNK = 1 << 16
# zstandard has no limit of output a call, and 4 bytes may stand for 128 KiB: little input at a time instead.
_ZSTD_CHUNK = 1 << 8

MAGICS = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x02\x21\x4c\x18", "lz4"),
    (b"\x5d\x00\x00", "lzma"),
    (b"\x89LZO\x00", "lzo"),
)


class Readable(Protocol):
    """Bytes in order, and where we are in them."""

    position: int

    def read(self, size: int) -> bytes:
        """At most `size` bytes; fewer only at the end."""


class Plain:
    """A file from its current position on, with bytes that can be put back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._back = b""
        self.position = 0

    def read(self, size: int) -> bytes:
        data, self._back = self._back[:size], self._back[size:]
        while len(data) < size and (block := self._stream.read(size - len(data))):
            data += block
        self.position += len(data)
        return data

    def put_back(self, data: bytes) -> None:
        """What was read too far."""
        self._back = data + self._back
        self.position -= len(data)


class Inflated:
    """What a compressed stream of `source` unpacks to; what follows the stream is put back into `source`.

    `read` raises InputError for damaged and for truncated data.
    """

    def __init__(self, source: Plain, form: str, where: Where) -> None:
        self._source, self._form, self._where = source, form, where
        self._decoder = _decoder(form)
        self._ready = memoryview(b"")  # unpacked and not yet read; cutting a view copies nothing
        self._pending = b""  # zlib hands back input that it had no room to unpack
        self.position = 0
        self._done = False

    def read(self, size: int) -> bytes:
        parts: list[memoryview] = []
        missing = size
        while missing:
            if not self._ready and not self._more():
                break
            part, self._ready = self._ready[:missing], self._ready[missing:]
            parts.append(part)
            missing -= len(part)
        data = b"".join(parts)
        self.position += len(data)
        return data

    def _more(self) -> bool:
        """Unpack some more; False at the end of the stream."""
        while not self._ready and not self._done:
            data = self._pending or self._feed()
            at = self._source.position
            try:
                self._ready = memoryview(self._unpack(data))
            except Exception as problem:  # each library has its own; all of them mean damage
                self._done = True
                raise InputError(
                    f"corrupt {self._form} data within the {_CHUNK >> 10} KiB before byte {at}: {problem}",
                    where=self._where,
                    hint="make or fetch the file again",
                ) from problem
            if self._decoder.eof:
                self._done = True
                self._source.put_back(self._decoder.unused_data)
        return bool(self._ready)

    def _feed(self) -> bytes:
        if self._form in ("xz", "lzma", "bzip2") and not self._decoder.needs_input:
            return b""
        data = self._source.read(_ZSTD_CHUNK if self._form == "zstd" else _CHUNK)
        if not data:
            raise InputError(
                f"truncated: its {self._form} data ends at byte {self._source.position} before it is complete",
                where=self._where,
                hint="make or fetch the file again",
            )
        return data

    def _unpack(self, data: bytes) -> bytes:
        if self._form == "zstd":
            return bytes(self._decoder.decompress(data))
        unpacked = bytes(self._decoder.decompress(data, _CHUNK))
        self._pending = getattr(self._decoder, "unconsumed_tail", b"")
        return unpacked


def form_of(head: bytes) -> str | None:
    """The compression that a stream starting with these bytes has."""
    return next((name for magic, name in MAGICS if head.startswith(magic)), None)


def checkable(form: str) -> bool:
    """Whether `Inflated` can read it; lz4 and lzo cannot be without one more library."""
    return form in ("gzip", "zstd", "xz", "bzip2", "lzma")


def _decoder(form: str) -> Any:
    if form == "gzip":
        import zlib

        return zlib.decompressobj(31)
    if form == "zstd":
        import zstandard

        return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    if form == "bzip2":
        import bz2

        return bz2.BZ2Decompressor()
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_ALONE if form == "lzma" else lzma.FORMAT_XZ, memlimit=1 << 28)
