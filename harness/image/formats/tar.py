"""`tar`: the root file system as one POSIX archive, uncompressed. Names are spelled as the YAML's author wrote them."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import BinaryIO

from harness.errors import InputError
from harness.image.entries import Entry, Kind
from harness.image.writing import Job, created

NAME = "tar"
ABOUT = "the root file system as one tar archive"
_TYPES = {
    Kind.FILE: tarfile.REGTYPE, Kind.FOLDER: tarfile.DIRTYPE, Kind.SYMLINK: tarfile.SYMTYPE,
    Kind.HARDLINK: tarfile.LNKTYPE, Kind.CHARACTER: tarfile.CHRTYPE, Kind.BLOCK: tarfile.BLKTYPE,
    Kind.FIFO: tarfile.FIFOTYPE,
}  # fmt: skip
_END = tarfile.BLOCKSIZE * 2


def write(job: Job) -> list[Path]:
    """NAME.tar."""
    path = job.path(".tar")
    with created(path) as out:
        size = 0
        for entry in job.entries:
            size += write_entry(out, entry)
        out.write(b"\0" * (_END + -(size + _END) % tarfile.RECORDSIZE))
    return [path]


def write_entry(out: BinaryIO, entry: Entry) -> int:
    """One member with its header; returns its bytes."""
    info = tarfile.TarInfo(entry.spelled or entry.path or "/")
    info.type = _TYPES[entry.kind]
    info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.uid, entry.gid, entry.mtime
    info.size, info.linkname = entry.size, entry.target
    info.devmajor, info.devminor = entry.device
    info.pax_headers = {
        f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape") for name, value in entry.xattrs
    }
    try:
        head = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    except (ValueError, UnicodeError) as problem:
        raise InputError(f"{entry.path[:80]!r} does not fit a tar archive: {problem}") from None
    out.write(head)
    if entry.content is not None:
        out.writelines(entry.content.chunks())
    padding = -entry.size % tarfile.BLOCKSIZE
    out.write(b"\0" * padding)
    return len(head) + entry.size + padding
