"""The entries of an uncompressed tar archive that is itself the content of a file: `kernel.tar` inside an image."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

from harness.errors import InputError
from harness.image.entries import Content, Entry, Kind, normalised
from harness.image.tarkinds import KINDS, xattrs_of


def entries_of(archive: Content, name: str) -> Iterator[Entry]:
    """Read the headers; files' bytes stay where they are. `name`: the archive, for messages.

    Raises InputError for what is no archive and for names that leave it.
    """
    try:
        with tarfile.open(fileobj=_Stream(archive), mode="r|", bufsize=1 << 20) as found:
            for member in found:
                if (entry := _entry(archive, member, name)) is not None:
                    yield entry
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as problem:
        raise InputError(
            f"{name} is no tar archive, or a damaged one: {problem}", hint="make the image again"
        ) from None


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


class _Stream(io.RawIOBase):
    """A content as a file that is read once, from its beginning."""

    def __init__(self, content: Content) -> None:
        super().__init__()
        self._chunks = content.chunks()
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts: list[bytes | memoryview] = []
        while size:
            if not self._ready:
                self._ready = memoryview(next(self._chunks, b""))
                if not self._ready:
                    break
            part = self._ready[:size]
            self._ready = self._ready[len(part) :]
            size -= len(part)
            parts.append(part)
        return b"".join(parts)
