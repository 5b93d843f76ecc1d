"""What the package managers of an image have written of its packages: one file a kind, found here.

A kind has `PATHS`, a pattern of the paths of its databases, whose group `root` is the root of the tree that the
database speaks of (with its `/`, or empty), and `read(content, tree)`, which gives packages with the paths of their
files in that tree. Databases come from strangers: what is not understood in one is left out.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from harness.image.entries import Content, Entry
from harness.image.sbom.inventory import Inventory, Package, files_of, hashed

MAX_DATABASE = 32 << 20  # bytes; Debian's status file of a full desktop has 5 MB
# A package, and the SHA-256 of its files by path; "" where the database has none.
Given = tuple[Package, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Tree:
    """The files below a root."""

    root: str
    contents: Mapping[str, Content]

    def read(self, path: str) -> bytes:
        """A file; nothing where it is not there or too large."""
        content = self.contents.get(self.root + path)
        return b"".join(content.chunks()) if content is not None and content.size <= MAX_DATABASE else b""


class Database(Protocol):
    """A module of this folder."""

    PATHS: re.Pattern[str]

    def read(self, content: Content, tree: Tree, /) -> Iterable[Given]:
        """What a database says."""


def inventory_of(entries: Iterable[Entry]) -> Inventory:
    """Everything that the databases in a tree know of it. A file that is not as its package had it has no owner, where
    the database tells the hash."""
    contents = files_of(entries)
    hashes = hashed(contents)
    kinds = _kinds()
    found: dict[Package, dict[str, str]] = {}
    for path, content in contents.items():
        for kind in kinds:
            if content.size <= MAX_DATABASE and (match := kind.PATHS.fullmatch(path)):
                root = match["root"]
                for package, files in kind.read(content, Tree(root, contents)):
                    found.setdefault(package, {}).update({root + inner: digest for inner, digest in files.items()})
    packages = sorted(found)
    owners: dict[str, int] = {}
    for number, package in enumerate(packages):
        for path, digest in found[package].items():
            if path in hashes and digest in ("", hashes[path].sha256):
                owners.setdefault(path, number)
    return Inventory(hashes, tuple(packages), owners)


def _kinds() -> list[Database]:
    names = sorted(info.name for info in pkgutil.iter_modules(__path__, f"{__name__}."))
    return [cast(Database, importlib.import_module(name)) for name in names]
