"""One tree of many sources: parents are added, links to folders followed; a contradiction names both its sources."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from harness.errors import InputError, Where
from harness.image.entries import Bytes, Content, Entry, Kind
from harness.image.rootfs import folder_at

_MAX_LINKS = 40  # as many as Linux follows
# What package managers keep of themselves: every image has its own, and nothing in an assembly reads it.
_RECORDS = (
    "lib/apk/",
    "usr/lib/apk/",
    "etc/apk/",
    "var/cache/apk/",
    "var/lib/dpkg/",
    "var/lib/apt/",
    "var/cache/debconf/",
)


class Tree:
    """Entries in the order in which they came, no path twice."""

    def __init__(self) -> None:
        self._slots: dict[str, tuple[Entry, str]] = {}
        self._links: dict[str, list[str]] = {}  # hard links by the file they name

    def __contains__(self, path: str) -> bool:
        return path in self._slots

    def __iter__(self) -> Iterator[Entry]:
        return (entry for entry, _ in self._slots.values())

    def get(self, path: str) -> Entry | None:
        """The entry of exactly this path."""
        slot = self._slots.get(path)
        return slot[0] if slot else None

    def add(self, entry: Entry, origin: str, *, override: bool = False, where: Where | None = None) -> None:
        """Put an entry where its path leads. `origin`: where it comes from, for messages.

        A folder joins one that is there; a file takes the place of another one only where both say the same, where it
        is a package manager's record, or with `override`. Raises InputError, naming both, otherwise.
        """
        if entry.path and (placed := self._settled(entry.path, origin, where)) != entry.path:
            entry = replace(entry, path=placed, spelled="")
        if entry.kind is Kind.HARDLINK and entry.target not in self._slots:
            entry = replace(entry, target=self._settled(entry.target, origin, where))
        old = self._slots.get(entry.path)
        if old is not None and not self._may_replace(old, entry, origin, override=override, where=where):
            return
        if entry.kind is Kind.HARDLINK:
            self._links.setdefault(entry.target, []).append(entry.path)
        self._slots[entry.path] = (entry, origin)

    def _settled(self, given: str, origin: str, where: Where | None) -> str:
        """A path with links to folders followed; its folders exist afterwards."""
        path = given
        for _ in range(_MAX_LINKS):
            parent, _, _ = path.rpartition("/")
            link = self._first_obstacle(parent)
            if link is None:
                self._make_folders(parent, origin)
                return path
            found, owner = self._slots[link]
            if found.kind is not Kind.SYMLINK:
                raise _contradiction(
                    f"{path!r} of {origin} lies below {link!r}, which is no folder but a {found.kind} of {owner}", where
                )
            path = _led(link, found.target) + path[len(link) :]
            if path.startswith(("..", "/")):
                break
        raise _contradiction(f"{given!r} of {origin} lies below a link that leads nowhere", where)

    def _first_obstacle(self, path: str) -> str | None:
        """The topmost part of a path that exists and is no folder."""
        slot = self._slots.get(path)
        if not path or (slot is not None and slot[0].kind is Kind.FOLDER):
            return None  # what exists has folders above it
        above = self._first_obstacle(path.rpartition("/")[0])
        return above if above is not None else path if slot is not None else None

    def _make_folders(self, path: str, origin: str) -> None:
        if path and path not in self._slots:
            self._make_folders(path.rpartition("/")[0], origin)
            self._slots[path] = (folder_at(path), origin)

    def _may_replace(
        self, old: tuple[Entry, str], entry: Entry, origin: str, *, override: bool, where: Where | None
    ) -> bool:
        """Decide about the second entry of a path; clears the place of the first where it is its turn."""
        first, owner = old
        kinds = (first.kind, entry.kind)
        if kinds == (Kind.FOLDER, Kind.FOLDER):
            return True
        if kinds == (Kind.SYMLINK, Kind.FOLDER) and not override:
            # usr-merged beside not merged: `lib` is a link in one image, and a folder in the kernel's archive.
            self._make_folders(_led(first.path, first.target), origin)
            return False
        if kinds == (Kind.FOLDER, Kind.SYMLINK):
            inside = [path for path in self._slots if path.startswith(f"{first.path}/")]
            if not inside:
                return True
            self._move(first.path, entry, inside, origin, where)
            return False
        if Kind.FOLDER in kinds and (override or first.kind is Kind.FOLDER):
            if any(path.startswith(f"{first.path}/") for path in self._slots):
                raise _contradiction(f"{first.path!r} is a folder of {owner}, and a {entry.kind} of {origin}", where)
        elif not override and not entry.path.startswith(_RECORDS) and not self._same(first, entry):
            raise _contradiction(
                f"{owner} and {origin} both have {entry.path!r}, and they differ", where, "leave one of them out"
            )
        self._promote(first)
        del self._slots[first.path]  # a file comes in the order of its own source
        return True

    def _move(self, path: str, link: Entry, inside: list[str], origin: str, where: Where | None) -> None:
        """A folder becomes a link: what was in it goes to where the link leads."""
        led = _led(path, link.target)
        if led == path or led.startswith(("..", f"{path}/")):
            owner = self._slots[path][1]
            raise _contradiction(f"{path!r} is a folder of {owner}, and a link of {origin}", where)
        moved = [self._slots.pop(name) for name in inside]
        self._slots[path] = (link, origin)
        self._make_folders(led, origin)
        for entry, owner in moved:
            target = entry.target
            if entry.kind is Kind.HARDLINK and target.startswith(f"{path}/"):
                target = led + target[len(path) :]
            self.add(replace(entry, target=target), owner, where=where)

    def _promote(self, file: Entry) -> None:
        """A file that goes leaves its bytes to the first hard link that it has."""
        names = [name for name in self._links.pop(file.path, []) if self._links_to(name, file.path)]
        if file.kind is not Kind.FILE or not names:
            return
        first, *rest = names
        self._slots[first] = (replace(file, path=first, spelled=""), self._slots[first][1])
        for name in rest:
            entry, origin = self._slots[name]
            self._slots[name] = (replace(entry, target=first), origin)
            self._links.setdefault(first, []).append(name)

    def _links_to(self, name: str, target: str) -> bool:
        slot = self._slots.get(name)
        return slot is not None and slot[0].kind is Kind.HARDLINK and slot[0].target == target

    def _same(self, first: Entry, second: Entry) -> bool:
        """Whether two entries that are no folders say the same; modes and owners aside."""
        first, second = self._behind(first), self._behind(second)
        if (first.kind, first.target, first.device, first.size) != (
            second.kind,
            second.target,
            second.device,
            second.size,
        ):
            return False
        return first.content is None or second.content is None or same_bytes(first.content, second.content)

    def _behind(self, entry: Entry) -> Entry:
        """The file that a hard link is."""
        slot = self._slots.get(entry.target) if entry.kind is Kind.HARDLINK else None
        return slot[0] if slot else entry


def same_bytes(first: Content, second: Content) -> bool:
    """Whether two contents of one size are equal; they are read only where that is not plain to see."""
    if first == second:
        return True
    if isinstance(first, Bytes) and isinstance(second, Bytes):
        return first.data == second.data
    import hashlib

    digests = []
    for content in (first, second):
        digest = hashlib.sha256()
        for chunk in content.chunks():
            digest.update(chunk)
        digests.append(digest.digest())
    return digests[0] == digests[1]


def _led(link: str, target: str) -> str:
    """Where a symbolic link at `link` leads, as a path of the tree; `..` in front where it leads out."""
    if target.startswith("/"):
        return posixpath.normpath(target).lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(link), target))


def _contradiction(what: str, where: Where | None, hint: str | None = None) -> InputError:
    return InputError(what, where=where, hint=hint)
