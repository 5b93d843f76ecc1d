"""The headers of a tar archive that a stranger made: all of them, or no."""

from __future__ import annotations

import math
import tarfile
from collections.abc import Iterator
from typing import IO, Any, Protocol

from harness.errors import InputError

MAX_MEMBERS = 1_000_000
MAX_HEADER = 1 << 20  # bytes of one extended header: names, attributes


class Seekable(Protocol):
    """What an archive is read from."""

    def tell(self) -> int: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...


class _Guarded:
    """A file whose reader may ask for little at a time: tarfile reads a header as large as the header claims to be."""

    def __init__(self, stream: Seekable) -> None:
        self._stream = stream
        self.tell, self.seek = stream.tell, stream.seek

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_HEADER:
            raise InputError(f"an extended header of {size} bytes, more than {MAX_HEADER}")
        return self._stream.read(size)


def headers(stream: Seekable, size: int) -> Iterator[tarfile.TarInfo]:
    """Every header, in order; `size`: bytes of the archive. Raises InputError for what is no sound archive."""
    if size == 0:
        return
    try:
        yield from _headers(stream, size)
    except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError, LookupError) as problem:
        raise InputError(f"is not a sound tar archive: {str(problem)[:120]}") from problem


def _headers(stream: Seekable, size: int) -> Iterator[tarfile.TarInfo]:
    guarded: IO[bytes] | Any = _Guarded(stream)
    with tarfile.open(fileobj=guarded, mode="r:") as archive:
        seen: list[object] = vars(archive)["members"]  # tarfile keeps all it has met
        last = -1
        for count, header in enumerate(archive):
            # A size below zero would send the reader back, to the same header for ever.
            if header.size < 0 or header.offset <= last:
                raise InputError(f"{header.name!r} has a size of {header.size}")
            last = header.offset
            if not math.isfinite(header.mtime):
                raise InputError(f"{header.name!r} is of the time {header.mtime}")
            if count >= MAX_MEMBERS:
                raise InputError(f"has more than {MAX_MEMBERS} members")
            if header.isreg() and not header.issparse() and header.offset_data + header.size > size:
                raise InputError(f"ends within {header.name!r}")
            yield header
            seen.clear()
        # tarfile takes a damaged header for the end, and whatever follows would be lost without a word.
        stream.seek(archive.offset)
        if stream.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise InputError(f"is damaged at byte {archive.offset}: no header of a member")
