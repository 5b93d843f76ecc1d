"""Reading a layer's tar archive, which strangers make: what is in it, and no to whatever could do harm later.

Nothing is unpacked here: the result says where in the archive each file's bytes lie.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from harness.errors import InputError
from harness.image.entries import CHUNK, Kind, normalised
from harness.image.oci.member import Member
from harness.image.tarheaders import headers
from harness.image.tarkinds import KINDS, xattrs_of

_MAX_ID = (1 << 32) - 2  # the last one means "none"
# The devices that every container gets anyway (OCI runtime specification, default devices) and that reach no hardware.
_DEVICES = frozenset([(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2)])


def members(archive: Path) -> Iterator[Member]:
    """What is in a layer, in its order. Raises InputError naming the member that is refused, and why."""
    size = archive.stat().st_size
    with archive.open("rb") as stream, archive.open("rb") as data:
        for header in headers(stream, size):
            yield _member(header, data)


def _member(header: tarfile.TarInfo, data: BinaryIO) -> Member:
    kind = KINDS.get(header.type)
    if header.issparse():
        raise InputError(f"{header.name!r} is stored as a sparse file", hint="make the layer without sparse files")
    if kind is None:
        raise InputError(f"{header.name!r} is of the unknown type {header.type!r}")
    path = _path(header.name)
    if not path and kind is not Kind.FOLDER:
        raise InputError(f"{header.name!r} would replace the root by a {kind.value}")
    if not 0 <= header.uid <= _MAX_ID or not 0 <= header.gid <= _MAX_ID:
        raise InputError(f"{header.name!r} belongs to {header.uid}:{header.gid}, which no system has")
    target = header.linkname if kind in (Kind.SYMLINK, Kind.HARDLINK) else ""
    if kind is Kind.HARDLINK:
        target = _path(target)
    elif kind is Kind.SYMLINK and (not target or "\0" in target or len(target.encode(errors="surrogateescape")) > 4095):
        raise InputError(f"{header.name!r} is a link to {target[:60]!r}, which no kernel takes")
    device = (header.devmajor, header.devminor) if kind in (Kind.CHARACTER, Kind.BLOCK) else (0, 0)
    if kind is Kind.BLOCK or (kind is Kind.CHARACTER and device not in _DEVICES):
        raise InputError(
            f"{header.name!r} is a {kind.value} device ({device[0]}:{device[1]})",
            hint="give devices to a container by `devices` in the YAML, not by its image",
        )
    content = kind is Kind.FILE
    sha1, sha256 = _hashes(data, header) if content else ("", "")
    return Member(
        path,
        kind,
        header.mode & 0o7777,
        header.uid,
        header.gid,
        max(0, int(header.mtime)),
        target,
        header.offset_data if content else 0,
        header.size if content else 0,
        sha256,
        device,
        _xattrs(header),
        sha1,
    )


def _path(name: str) -> str:
    """Inside the tree; "" is its root."""
    return normalised(name) if any(part not in ("", ".") for part in name.split("/")) else ""


def _xattrs(header: tarfile.TarInfo) -> tuple[tuple[str, str], ...]:
    """Extended attributes, sorted."""
    found = {}
    for name, value in xattrs_of(header):
        if not name or "\0" in name or len(name.encode(errors="surrogateescape")) > 255:
            raise InputError(f"{header.name!r} has an extended attribute that cannot be: {name[:60]!r}")
        found[name] = value.decode("latin-1")
    return tuple(sorted(found.items()))


def _hashes(data: BinaryIO, header: tarfile.TarInfo) -> tuple[str, str]:
    one, other, left = hashlib.sha1(usedforsecurity=False), hashlib.sha256(), header.size
    data.seek(header.offset_data)
    while left and (block := data.read(min(left, CHUNK))):
        one.update(block)
        other.update(block)
        left -= len(block)
    return one.hexdigest(), other.hexdigest()
