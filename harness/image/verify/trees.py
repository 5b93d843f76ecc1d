"""The files in what a format has written, by the SHA-256 of each: for those formats that are an archive."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.image.contents import HEAD, Reader
from harness.image.entries import content_of
from harness.image.initrdcheck import check_initrd
from harness.image.sbom.inventory import files_of, hashed, readable
from harness.image.tarentries import entries_of

REGULAR = 0o100000


def tar_files(path: Path) -> dict[str, str]:
    """Of a tar archive. Raises InputError for a damaged one."""
    found = hashed(files_of(entries_of(content_of(path), path.name)))
    return {readable(name): hashes.sha256 for name, hashes in found.items()}


def initrd_files(path: Path) -> Mapping[str, str]:
    """Of an initrd. Raises InputError for a damaged one."""
    reader = _Hashing()
    check_initrd(path, reader)
    return reader.files()


class _Hashing(Reader):
    """Hashes every file; what has several names is in the archive with the first of them."""

    def __init__(self) -> None:
        super().__init__()
        self._digests: dict[str, Any] = {}
        self._first: dict[int, str] = {}
        self._last: Any = None

    def entry(self, name: str, mode: int, size: int, head: bytes, inode: int = 0) -> None:
        super().entry(name, mode, size, head, inode)
        self._last = hashlib.sha256(head[:HEAD])
        if mode & 0o170000 == REGULAR:
            first = self._first.setdefault(inode, name)
            self._digests[name] = self._digests[first] if not size and first in self._digests else self._last

    def data(self, block: bytes) -> None:
        self._last.update(block)

    def files(self) -> dict[str, str]:
        """What was read."""
        return {name: digest.hexdigest() for name, digest in self._digests.items()}
