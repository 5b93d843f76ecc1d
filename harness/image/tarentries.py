"""The entries of an uncompressed tar archive that is itself the content of a file: `kernel.tar` inside an image."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

from harness.errors import InputError
from harness.image.entries import Content, Entry, Kind, normalised
from harness.image.tarheaders import headers
from harness.image.tarkinds import KINDS, xattrs_of

_WINDOW = 1 << 16  # bytes


def entries_of(archive: Content, name: str) -> Iterator[Entry]:
    """Read the headers; files' bytes stay where they are. `name`: the archive, for messages.

    Raises InputError for what is no archive and for names that leave it.
    """
    try:
        for member in headers(_Windowed(archive), archive.size):
            if (entry := _entry(archive, member, name)) is not None:
                yield entry
    except InputError as problem:
        if problem.what.startswith(name):
            raise
        raise InputError(f"{name}: {problem.what}", hint=problem.hint or "make the image again") from None


def _entry(archive: Content, member: tarfile.TarInfo, name: str) -> Entry | None:
    if member.name.strip("/") in ("", "."):
        return None  # the root, which is no one's to change
    kind = KINDS.get(member.type)
    if kind is None or member.sparse is not None:
        raise InputError(f"{name} has a member of a kind that is not taken: {member.name[:80]!r}")
    try:
        path = normalised(member.name)
        target = normalised(member.linkname) if kind is Kind.HARDLINK else member.linkname
    except InputError as problem:
        raise InputError(f"{name} has a member that leaves it: {problem.what}") from None
    return Entry(
        path,
        kind,
        member.mode & 0o7777,
        archive.part(member.offset_data, member.size) if kind is Kind.FILE else None,
        target if kind in (Kind.SYMLINK, Kind.HARDLINK) else "",
        member.uid,
        member.gid,
        int(member.mtime),
        (member.devmajor, member.devminor) if kind in (Kind.CHARACTER, Kind.BLOCK) else (0, 0),
        tuple(sorted(xattrs_of(member))),
    )


class _Windowed:
    """A content as a file, read a window at a time."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._at = self._start = 0
        self._window = b""

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, _whence: int = 0, /) -> int:
        self._at = offset
        return offset

    def read(self, size: int = -1, /) -> bytes:
        inside = self._at - self._start
        if inside < 0 or inside + size > len(self._window):
            self._start, inside = self._at, 0
            wanted = min(max(size, _WINDOW), max(0, self._content.size - self._at))
            self._window = b"".join(self._content.part(self._at, wanted).chunks()) if wanted else b""
        data = self._window[inside : inside + size]
        self._at += len(data)
        return data
