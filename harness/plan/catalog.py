"""Where targets and images are found: beside the matrix.yml in use first, then those shipped with the harness.

Everything is lazy: listing reads directories only, a target's file is read when somebody asks for the target.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import InputError, Where
from harness.plan.target import RESERVED, Target
from harness.plan.validate import suggestion, validate
from harness.plan.yamlfile import Document, Loc, load, shown, shown_path
from harness.words import Arch

TARGET_FILE = "target.yml"
# A leading underscore marks a target that is only there to be extended.
_FOLDER = re.compile(r"_?[a-z0-9][a-z0-9_-]{0,63}")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def builtin_root() -> Path:
    """The folder with the built-in `matrix.yml` and `targets/`: inside an installed package, else the checkout."""
    package = Path(__file__).resolve().parents[1]
    data = package / "_data"
    return data if data.is_dir() else package.parent


def builtin_images() -> Path:
    """The folder of the reference images."""
    return Path(__file__).resolve().parents[1] / "images"


@dataclass(frozen=True, slots=True)
class Lineage:
    """A target's own file and those it extends, nearest first, and the data they make together."""

    documents: tuple[Document, ...]
    data: dict[str, Any]

    def _owner(self, loc: Loc) -> Document:
        """The file that decides `loc`: the nearest that has all of it or replaces what is around it, else the one
        that has most of it."""
        best, most = self.documents[0], 0
        for document in self.documents:
            steps, _, owned = document.reach(loc)
            if steps == len(loc) or (owned and steps > 0):
                return document
            if steps > most:
                best, most = document, steps
        return best

    def reach(self, loc: Loc) -> tuple[int, int, bool]:
        """See Document.reach; told of the file that decides `loc`."""
        return self._owner(loc).reach(loc)

    def where(self, loc: Loc = ()) -> Where:
        """The place of `loc` in the file that decides it."""
        return self._owner(loc).where(loc)


class Catalog:
    """The targets and images that a matrix may name. `beside`: the folder of the matrix.yml in use."""

    def __init__(self, beside: Path | None = None) -> None:
        roots = [] if beside is None else [beside]
        if not any(_same(root, builtin_root()) for root in roots):
            roots.append(builtin_root())
        # The user's own come first; each level sees itself and those after it.
        self.levels: tuple[Path, ...] = tuple(root / "targets" for root in roots)
        self._image_folders = ([] if beside is None else [beside / "images"]) + [builtin_images()]
        self._targets: dict[str, Target] = {}
        self._lineages: dict[tuple[int, str], Lineage] = {}
        self._documents: dict[tuple[int, str], Document] = {}

    @cached_property
    def _folders(self) -> tuple[dict[str, Path], ...]:
        """A level's target folders by name."""
        return tuple(dict(_target_folders(level)) for level in self.levels)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every target that can be a cell, sorted."""
        return tuple(sorted({name for level in self._folders for name in level if not name.startswith("_")}))

    @cached_property
    def images(self) -> dict[str, Path]:
        """The image files by name, sorted by it."""
        found: dict[str, Path] = {}
        for folder in self._image_folders:
            for entry in _entries(folder):
                # A file, or a folder with one of its name: an assembly of containers.
                path = entry if entry.suffix == ".yml" else entry / f"{entry.name}.yml"
                if _IMAGE.fullmatch(path.stem) and path.stem not in RESERVED and path.is_file():
                    found.setdefault(path.stem, path)
        return dict(sorted(found.items()))

    def image(self, name: str) -> Path:
        """The file of an image. InputError when there is none, or it is a link out of its folder."""
        path = self.images.get(name)
        if path is None:
            raise InputError(f"unknown image {shown(name)}", hint=suggestion(name, self.images, "known images are"))
        _confined(path, path.parent)
        return path

    def target(self, name: str) -> Target:
        """A target with `extends` followed and every default filled in. InputError when it is unknown or wrong."""
        if name not in self._targets and (
            name.startswith("_") or not any(name in folders for folders in self._folders)
        ):
            hint = suggestion(name, self.names, "known targets are")
            raise InputError(f"unknown target {shown(name)}", hint=hint)
        return self._whole(name)

    def host_of_nested(self, arch: Arch) -> Target:
        """The machine that others of `arch` run in where they need KVM and the host has none: `_nested-<arch>`.

        It is no cell; its name is its folder's less the underscore. InputError where there is none.
        """
        return self._whole(f"_nested-{arch.value}")

    def _whole(self, name: str) -> Target:
        known = self._targets.get(name)
        if known is None:
            lineage = self.lineage(name)
            known = validate(Target, {**lineage.data, "name": name.lstrip("_")}, lineage, ("extends",))
            known = known.found_in(tuple(document.path.parent for document in reversed(lineage.documents)))
            self._targets[name] = known
        return known

    def folder(self, name: str) -> Path:
        """The folder of a target: its kernel fragment and the like are beside its target.yml."""
        return self._folders[self._level(name)][name]

    def lineage(self, name: str) -> Lineage:
        """The files that make a target (an abstract one too), merged but not yet checked against the schema."""
        return self._resolve(self._level(name), name)

    def _level(self, name: str, lowest: int = 0) -> int:
        for level in range(lowest, len(self._folders)):
            if name in self._folders[level]:
                return level
        known = (known for folders in self._folders[lowest:] for known in folders)
        raise InputError(f"unknown target {shown(name)}", hint=suggestion(name, known, "known targets are"))

    def _resolve(self, level: int, name: str) -> Lineage:
        """Follow `extends`, in a loop: a chain may be long, and it may be a circle."""
        if (known := self._lineages.get((level, name))) is not None:
            return known
        chain: list[tuple[int, str]] = []
        step: tuple[int, str] | None = (level, name)
        while step is not None and step not in self._lineages:
            document = self._document(step)
            if step in chain:
                circle = " -> ".join(name for _, name in [*chain[chain.index(step) :], step])
                raise InputError(
                    f"extends goes in a circle: {circle}",
                    where=self._documents[chain[-1]].where(("extends",)),
                    hint="remove one of these `extends`",
                )
            chain.append(step)
            step = self._parent(step, document)
        base = self._lineages[step] if step is not None else None
        for own in reversed(chain):
            document = self._documents[own]
            data = {key: value for key, value in document.data.items() if key not in ("extends", "name")}
            if base is None:
                base = Lineage((document,), data)
            else:
                base = Lineage((document, *base.documents), deep_merge(base.data, data))
            self._lineages[own] = base
        return self._lineages[level, name]

    def _document(self, step: tuple[int, str]) -> Document:
        document = self._documents.get(step)
        if document is None:
            level, name = step
            path = self._folders[level][name] / TARGET_FILE
            _confined(path, self.levels[level])
            document = load(path)
            if not isinstance(document.data, dict):
                raise InputError("expected keys and values (a mapping)", where=document.where())
            if document.data.get("name", name) != name:
                raise InputError(
                    f"the name of a target is its folder's, {name!r}",
                    where=document.where(("name",)),
                    hint="remove this line or rename the folder",
                )
            self._documents[step] = document
        return document

    def _parent(self, step: tuple[int, str], document: Document) -> tuple[int, str] | None:
        level, name = step
        if "extends" not in document.data:
            return None
        parent, where = document.data["extends"], document.where(("extends",))
        if not isinstance(parent, str):
            raise InputError("expected the name of one target", where=where)
        # The user's own target may extend the built-in one of the same name.
        below = any(name in folders for folders in self._folders[level + 1 :])
        lowest = level + 1 if parent == name and below else level
        try:
            return self._level(parent, lowest), parent
        except InputError as error:
            raise InputError(error.what, where=where, hint=error.hint) from None


def deep_merge(parent: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    """`child` over `parent`: mappings merge, everything else (lists too) replaces. Neither is changed."""
    merged = dict(parent)
    for key, value in child.items():
        below = merged.get(key)
        merged[key] = deep_merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _entries(folder: Path) -> Sequence[Path]:
    """What is in a folder; nothing when there is no such folder."""
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=Where(shown_path(folder))) from None


def _target_folders(level: Path) -> Iterator[tuple[str, Path]]:
    for path in _entries(level):
        if not path.is_dir():
            continue  # a README, or a link to nowhere
        if path.name == "__pycache__":
            continue
        if not _FOLDER.fullmatch(path.name) or path.name in RESERVED:
            raise InputError(
                f"{shown(path.name)} is not a name for a target",
                where=Where(shown_path(level)),
                hint="lower case letters, digits, - and _ (a leading _ marks one that is only extended)",
            )
        yield path.name, path


def _confined(path: Path, folder: Path) -> None:
    """Refuse a file that links lead out of the folder it is listed in."""
    if not path.is_symlink() and not path.parent.is_symlink():
        return  # as it nearly always is; resolving every path would cost more than reading the files
    real, inside = os.path.realpath(path), os.path.realpath(folder)
    if not real.startswith(inside + os.sep):
        raise InputError(
            "is a link out of its folder", where=Where(shown_path(path)), hint=f"put a copy into {shown_path(folder)}"
        )
