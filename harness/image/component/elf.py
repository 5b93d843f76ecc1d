"""What a program needs to run: its interpreter and its libraries, read from the file itself."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Needs:
    """Of an ELF file (`interpreter` may be absent: a library, a static program) or of a script (`#!`)."""

    interpreter: str | None = None
    libraries: tuple[str, ...] = ()  # sonames, DT_NEEDED
    folders: tuple[str, ...] = ()  # where it says they are, DT_RUNPATH and DT_RPATH, with $ORIGIN as it stands
    machine: str = ""  # EM_X86_64, ...; empty for a script


class _Window(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self._file, self._offset, self._size, self._at = path.open("rb"), offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, into: Any) -> int:
        size = max(0, min(len(into), self._size - self._at))
        self._file.seek(self._offset + self._at)
        data = self._file.read(size)
        into[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def window(path: Path, offset: int, size: int) -> Iterator[io.BufferedReader]:
    """`size` bytes of a file from `offset` on, to be read and sought in."""
    raw = _Window(path, offset, size)
    try:
        yield io.BufferedReader(raw, 1 << 16)
    finally:
        raw.close()


def needs(stream: io.BufferedReader) -> Needs | None:
    """What this file needs; None for one that is neither a program nor a library nor a script. Raises ELFError."""
    head = stream.peek(256)[:256]
    if head.startswith(b"#!"):
        words = head[2:].split(b"\n")[0].split()
        return Needs(words[0].decode("utf-8", "replace")) if words else None
    if not head.startswith(b"\x7fELF"):
        return None
    from elftools.elf.elffile import ELFFile

    elf: Any = ELFFile(stream)
    interpreter, libraries, folders = None, [], []
    for segment in elf.iter_segments():
        if segment.header.p_type == "PT_INTERP":
            interpreter = segment.get_interp_name()
        elif segment.header.p_type == "PT_DYNAMIC":
            for tag in segment.iter_tags():
                if tag.entry.d_tag == "DT_NEEDED":
                    libraries.append(tag.needed)
                elif tag.entry.d_tag in ("DT_RUNPATH", "DT_RPATH"):
                    folders += (tag.runpath if tag.entry.d_tag == "DT_RUNPATH" else tag.rpath).split(":")
    return Needs(interpreter, tuple(libraries), tuple(folders), elf.header.e_machine)
