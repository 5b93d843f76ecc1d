"""Which files of a set of packages an image needs: those it asks for, and what these need in turn."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import InputError
from harness.image.component.debtree import merged
from harness.image.component.elf import Needs, needs, window
from harness.image.entries import Kind
from harness.image.oci.member import Layer, Member


@dataclass(frozen=True, slots=True)
class Pool:
    """All paths of some packages; the first package that has a path gives it."""

    paths: Mapping[str, tuple[Layer, Member]]
    libraries: Mapping[str, str]  # soname: path, of all in folders where the loader looks

    def matching(self, pattern: str, package: str | None = None) -> list[str]:
        """The paths below which a pattern's `*` matches anything, `/` too; folders are not among them."""
        return sorted(
            path
            for path, (layer, member) in self.paths.items()
            if member.kind is not Kind.FOLDER and fnmatch.fnmatchcase(path, pattern) and package in (None, layer.digest)
        )

    def resolved(self, path: str) -> list[str]:
        """A path and the links on the way to the file it is; [] where it leads to nothing in here."""
        steps: list[str] = []
        while path in self.paths and path not in steps:
            steps.append(path)
            member = self.paths[path][1]
            if member.kind is not Kind.SYMLINK:
                return steps
            path = _joined(posixpath.dirname(path), member.target)
        return []


def pool_of(layers: Iterable[Layer], triplet: str) -> Pool:
    """The pool of packages in order; `triplet` names the folder that libraries of the architecture lie in."""
    paths: dict[str, tuple[Layer, Member]] = {}
    for layer in layers:
        for member in layer.members:
            paths.setdefault(member.path, (layer, member))
    libraries: dict[str, str] = {}
    for folder in (f"usr/lib/{triplet}", "usr/lib64", "usr/lib"):
        for path, (_, member) in paths.items():
            if member.folder == folder and ".so" in member.name:
                libraries.setdefault(member.name, path)
    return Pool(paths, libraries)


def closure(pool: Pool, wanted: Sequence[str], own: Iterable[str] = ()) -> list[str]:
    """The wanted paths with all they need: libraries, interpreters, the targets of links. Sorted.

    `own`: paths that the image has from elsewhere. Raises InputError naming the file and what it lacks.
    """
    inside = {merged(path) for path in own}
    todo = list(wanted)
    seen: set[str] = set()
    while todo:
        path = todo.pop()
        if path in seen or path in inside:
            continue
        seen.add(path)
        member = pool.paths[path][1]
        if member.kind is Kind.SYMLINK:
            todo += pool.resolved(path)[1:]
        elif member.kind is Kind.HARDLINK:
            todo.append(member.target)
        elif member.kind is Kind.FILE and (found := needs_of(pool, path)):
            todo += _needed(pool, path, found, inside)
    return sorted(seen)


def needs_of(pool: Pool, path: str) -> Needs | None:
    """What a file of the pool needs."""
    layer, member = pool.paths[path]
    with window(layer.archive, member.offset, member.size) as stream:
        return needs(stream)


def _needed(pool: Pool, path: str, found: Needs, inside: set[str]) -> list[str]:
    paths: list[str] = []
    # A script's interpreter counts only where the file can be run; a module of a language is none.
    runs = bool(found.machine) or pool.paths[path][1].mode & 0o111
    if found.interpreter and runs:
        name = merged(found.interpreter.lstrip("/"))
        if name not in inside:
            paths += _some(pool.resolved(name), path, f"its interpreter {found.interpreter}")
    for soname in found.libraries:
        places = [
            merged(_joined(posixpath.dirname(path), _origin(folder, path)) + f"/{soname}") for folder in found.folders
        ]
        here = next((place for place in places if place in pool.paths), pool.libraries.get(soname, ""))
        paths += _some(pool.resolved(here), path, f"the library {soname}")
    return paths


def _some(paths: list[str], path: str, what: str) -> list[str]:
    if not paths:
        raise InputError(f"{path} needs {what}, which is in none of the component's packages")
    return paths


def _origin(folder: str, path: str) -> str:
    here = "/" + posixpath.dirname(path)
    return folder.replace("${ORIGIN}", here).replace("$ORIGIN", here)


def _joined(folder: str, target: str) -> str:
    """Where a link in `folder` leads to, as a path of the image."""
    return merged(posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
