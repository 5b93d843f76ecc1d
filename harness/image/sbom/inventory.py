"""What is known of an image's content: packages, files with their hashes, and which package gave which file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from harness.image.entries import Content, Entry, Kind
from harness.image.oci.content import Checked


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """A package of a distribution, or an image. Empty texts: not known."""

    name: str
    version: str = ""
    arch: str = ""
    purl: str = ""
    sha256: str = ""  # of the file that it was got as
    licence: str = ""  # an SPDX expression, as its makers declare it
    comment: str = ""  # their own words, where they are no SPDX expression


@dataclass(frozen=True, slots=True)
class Hashes:
    """SPDX demands the first of each file, and everybody else the second."""

    sha1: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """Files by path; the owner of a path is an index of `packages`."""

    files: Mapping[str, Hashes] = field(default_factory=dict)
    packages: tuple[Package, ...] = ()
    owners: Mapping[str, int] = field(default_factory=dict)


def hashed(contents: Mapping[str, Content]) -> dict[str, Hashes]:
    """The hashes of contents by name. Raises as their `chunks` do. Hashing lets other threads run, so it is done by all
    processors, the two hashes of one content apart."""
    with ThreadPoolExecutor(max(1, min(8, len(os.sched_getaffinity(0))))) as pool:
        one = pool.map(_sha1, contents.values())
        other = pool.map(_sha256, contents.values())
        return {name: Hashes(*found) for name, *found in zip(contents, one, other, strict=True)}


def _sha1(content: Content) -> str:
    # Known of a layer's files since it was unpacked.
    known = content.sha1 if isinstance(content, Checked) else ""
    return known or _hash(content, hashlib.sha1(usedforsecurity=False))


def _sha256(content: Content) -> str:
    # Such a content compares this very hash whenever it is read, as it is by the format.
    return content.sha256 if isinstance(content, Checked) else _hash(content, hashlib.sha256())


def _hash(content: Content, digest: Any) -> str:
    for chunk in content.chunks():
        digest.update(chunk)
    return str(digest.hexdigest())


def files_of(entries: Iterable[Entry]) -> dict[str, Content]:
    """The contents of a tree's files by path, hard links too."""
    found: dict[str, Content] = {}
    for entry in entries:
        if entry.kind is Kind.FILE and entry.content is not None:
            found[entry.path] = entry.content
        elif entry.kind is Kind.HARDLINK and entry.target in found:
            found[entry.path] = found[entry.target]
    return found


def readable(path: str) -> str:
    """A path as JSON can have it: bytes that are no UTF-8 are shown as such."""
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")
