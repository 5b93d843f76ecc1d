"""One member of a layer, as kept in the layer's index; a file's bytes stay in the unpacked layer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from harness.image.entries import Kind

WHITEOUT = ".wh."


@dataclass(frozen=True, slots=True)
class Member:
    """What the archive says of one path; "" is the root. Only files have `offset`, `size` and hashes."""

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    mtime: int  # seconds since 1970
    target: str = ""
    offset: int = 0  # bytes into the unpacked layer
    size: int = 0
    sha256: str = ""  # of the file's bytes
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, str], ...] = ()  # name and value in latin-1: JSON has no bytes
    sha1: str = ""  # of the file's bytes too, for bills of materials; indexes of old have it not

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The path without its last part."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Layer:
    """One unpacked layer: the archive on disk, and what is in it, in the archive's order."""

    digest: str  # of the layer as it is in the layout
    archive: Path
    members: Sequence[Member]


def dump(members: Sequence[Member], path: Path) -> None:
    """Write an index."""
    path.write_text(json.dumps([astuple(member) for member in members]), encoding="ascii")


def load(path: Path) -> Iterator[Member]:
    """Read an index that `dump` wrote."""
    for fields in json.loads(path.read_bytes()):
        name, kind, mode, uid, gid, mtime, target, offset, size, sha256, device, xattrs, *sha1 = fields
        pairs = tuple((key, value) for key, value in xattrs)
        major, minor = device
        place = (target, offset, size, sha256, (major, minor), pairs)
        yield Member(name, Kind(kind), mode, uid, gid, mtime, *place, *sha1)
