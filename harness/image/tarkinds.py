"""What tar's own words mean here: types of members, and the extended attributes that PAX headers carry."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator

from harness.image.entries import Kind

TYPES = {
    Kind.FILE: tarfile.REGTYPE, Kind.FOLDER: tarfile.DIRTYPE, Kind.SYMLINK: tarfile.SYMTYPE,
    Kind.HARDLINK: tarfile.LNKTYPE, Kind.CHARACTER: tarfile.CHRTYPE, Kind.BLOCK: tarfile.BLKTYPE,
    Kind.FIFO: tarfile.FIFOTYPE,
}  # fmt: skip
KINDS = {word: kind for kind, word in TYPES.items()} | {tarfile.AREGTYPE: Kind.FILE, tarfile.CONTTYPE: Kind.FILE}
_XATTR = "SCHILY.xattr."


def xattrs_of(header: tarfile.TarInfo) -> Iterator[tuple[str, bytes]]:
    """The extended attributes of a member; tarfile decodes values as UTF-8, with surrogates for what is none."""
    for key, value in header.pax_headers.items():
        if key.startswith(_XATTR):
            yield key.removeprefix(_XATTR), value.encode("utf-8", "surrogateescape")


def pax_of(xattrs: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """The PAX headers of extended attributes."""
    return {f"{_XATTR}{name}": value.decode("utf-8", "surrogateescape") for name, value in xattrs}
