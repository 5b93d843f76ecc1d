"""A tree as a tar archive: POSIX, with PAX headers where a name or a number needs one."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable

from harness.errors import InputError
from harness.image.cpio import Sink
from harness.image.entries import Entry
from harness.image.tarkinds import TYPES, pax_of

_END = tarfile.BLOCKSIZE * 2


def write_tar(entries: Iterable[Entry], out: Sink) -> None:
    """A whole archive. Names are spelled as the YAML's author wrote them."""
    size = 0
    for entry in entries:
        size += write_entry(out, entry)
    out.write(b"\0" * (_END + -(size + _END) % tarfile.RECORDSIZE))


def write_entry(out: Sink, entry: Entry) -> int:
    """One member with its header; returns its bytes."""
    info = tarfile.TarInfo(entry.spelled or entry.path or "/")
    info.type = TYPES[entry.kind]
    info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.uid, entry.gid, entry.mtime
    info.size, info.linkname = entry.size, entry.target
    info.devmajor, info.devminor = entry.device
    info.pax_headers = pax_of(entry.xattrs)
    try:
        head = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    except (ValueError, UnicodeError) as problem:
        raise InputError(f"{entry.path[:80]!r} does not fit a tar archive: {problem}") from None
    out.write(head)
    if entry.content is not None:
        for chunk in entry.content.chunks():
            out.write(chunk)
    padding = -entry.size % tarfile.BLOCKSIZE
    out.write(b"\0" * padding)
    return len(head) + entry.size + padding
