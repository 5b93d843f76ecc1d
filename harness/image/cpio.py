"""The newc cpio format (Documentation/driver-api/early-userspace/buffer-format): what the kernel unpacks as initramfs.

The same entries give the same bytes, whoever writes them: inode numbers are counted, nothing is taken from the disk
but contents. Device nodes exist only as entries, so no root is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Protocol

from harness.errors import InputError
from harness.image.entries import Entry, Kind, folder, normalised

TRAILER = "TRAILER!!!"
_MAX_SIZE = 0xFFFFFFFF  # eight hex digits
_BLOCK = 512
_TYPES = {
    Kind.FILE: 0o100000, Kind.HARDLINK: 0o100000, Kind.FOLDER: 0o040000, Kind.SYMLINK: 0o120000,
    Kind.CHARACTER: 0o020000, Kind.BLOCK: 0o060000, Kind.FIFO: 0o010000,
}  # fmt: skip


class Sink(Protocol):
    """What an archive is written to."""

    def write(self, data: bytes, /) -> object:
        """Take all of these bytes."""


def write(entries: Iterable[Entry], out: Sink) -> int:
    """Write an archive; returns its bytes. Missing folders are added, order does not matter.

    Raises InputError for a path that escapes, appears twice or lies below something that is no folder, and for what
    does not fit the format.
    """
    return write_ordered(arranged(entries), out)


def write_ordered(entries: Iterable[Entry], out: Sink) -> int:
    """Write an archive of entries that are complete, parents first, and links after their files; returns its bytes.

    The root's own entry is left out: its mode is the kernel's affair.
    """
    given = [entry for entry in entries if entry.path]
    names = Counter(entry.target for entry in given if entry.kind is Kind.HARDLINK)
    numbers: dict[str, int] = {}
    written = 0
    for number, entry in enumerate(given, 1):
        if entry.kind is Kind.HARDLINK:
            if entry.target not in numbers:
                raise InputError(f"the hard link {entry.path!r} comes before its file {entry.target!r}")
            inode = numbers[entry.target]
        else:
            inode = number
            if entry.path in names:
                numbers[entry.path] = inode
        written += _entry(out, inode, entry, 1 + names[entry.target if entry.kind is Kind.HARDLINK else entry.path])
    written += _header(out, 0, 0, TRAILER, size=0, nlink=1)
    padding = -written % _BLOCK
    out.write(b"\0" * padding)
    return written + padding


def arranged(entries: Iterable[Entry]) -> list[Entry]:
    """All entries with the folders they need, parents first. Pure."""
    given: dict[str, Entry] = {}
    for entry in entries:
        path = normalised(entry.path)
        if path in given and not (entry.kind is Kind.FOLDER and _mode(given[path]) == _mode(entry)):
            raise InputError(f"two entries of an archive have the name {path!r}")
        given[path] = entry if entry.path == path else replace(entry, path=path)
    for path in list(given):
        for parent in PurePosixPath(path).parents:
            name = str(parent)
            if name == ".":
                continue
            if given.setdefault(name, folder(name)).kind is not Kind.FOLDER:
                raise InputError(f"{path!r} lies below {name!r}, which is no folder")
    return [given[path] for path in sorted(given, key=lambda name: name.split("/"))]


def _mode(entry: Entry) -> int:
    return _TYPES[entry.kind] | entry.mode


def _entry(out: Sink, inode: int, entry: Entry, names: int) -> int:
    if entry.path == TRAILER:
        raise InputError(f"{entry.path!r} is the name that ends an archive")
    nlink = 2 if entry.kind is Kind.FOLDER else names
    target = entry.target.encode(errors="surrogateescape") if entry.kind is Kind.SYMLINK else b""
    # The bytes of a file with several names go with the first: to the others the kernel links.
    size = len(target) or entry.size
    written = _header(
        out, inode, _mode(entry), entry.path, size=size, nlink=nlink, owner=(entry.uid, entry.gid), mtime=entry.mtime,
        device=entry.device,
    )  # fmt: skip
    out.write(target)
    if entry.content is not None:
        for chunk in entry.content.chunks():
            out.write(chunk)
    out.write(b"\0" * (-size % 4))
    return written + size + -size % 4


def _header(
    out: Sink,
    inode: int,
    mode: int,
    path: str,
    *,
    size: int,
    nlink: int,
    owner: tuple[int, int] = (0, 0),
    mtime: int = 0,
    device: tuple[int, int] = (0, 0),
) -> int:
    if size > _MAX_SIZE:
        raise InputError(f"{path!r} has {size} bytes; a cpio entry holds at most 4 GiB")
    name = path.encode(errors="surrogateescape") + b"\0"
    time = min(max(mtime, 0), _MAX_SIZE)
    fields = (inode, mode, *owner, nlink, time, size, 0, 0, *device, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    head += b"\0" * (-len(head) % 4)
    out.write(head)
    return len(head)
