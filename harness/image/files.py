"""The `files` of an assembly: written last, over whatever is there, with the folders that they need."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import InputError
from harness.image.entries import Bytes, Content, Entry, Kind, Slice, normalised
from harness.image.rootfs import EPOCH
from harness.image.spec.identity import numeric
from harness.image.tree import Tree
from harness.image.yaml.assembly import Placed
from harness.image.yaml.schema import File
from harness.plan.validate import nearest
from harness.plan.yamlfile import shown, shown_path

METADATA = ("json", "yaml")


def add_files(
    tree: Tree, files: tuple[Placed[File], ...], ids: Mapping[str, int], metadata: Callable[[str], bytes]
) -> None:
    """Put every file in its place. `metadata`: the text of the whole configuration as `json` or `yaml`.

    A folder that a path needs and nobody made has the file's owner, and its mode with the right to enter.
    """
    for index, placed in enumerate(files):
        entry = _entry(placed, ids, metadata)
        if entry is None:
            continue
        origin = f"files[{index}]"
        mode = _enterable(entry.mode)
        for parent in _parents(entry.spelled or entry.path):
            if parent not in tree:
                folder = Entry(parent, Kind.FOLDER, mode, uid=entry.uid, gid=entry.gid, mtime=EPOCH)
                tree.add(folder, origin, where=placed.where("path"))
        tree.add(entry, origin, override=True, where=placed.where("path"))


def _entry(placed: Placed[File], ids: Mapping[str, int], metadata: Callable[[str], bytes]) -> Entry | None:
    """The entry itself; None for an optional file whose source is missing."""
    file = placed.value
    path, spelled = _path(placed)
    mode = int(file.mode, 8) if file.mode else 0o700 if file.directory else 0o600
    uid, gid = (numeric(getattr(file, key), ids, placed.where(key)) for key in ("uid", "gid"))
    kind, target = Kind.FILE, ""
    content: Content | None = None
    if file.directory or file.symlink or file.contents is not None:
        _only(placed)
        if file.directory:
            kind = Kind.FOLDER
        elif file.symlink:
            kind, target = Kind.SYMLINK, file.symlink
        elif spelled.endswith("/"):
            if file.contents:
                raise InputError(
                    f"{shown(file.path)} ends in '/', and a folder has no contents", where=placed.where("path")
                )
            kind = Kind.FOLDER  # as LinuxKit has it
        else:
            content = Bytes((file.contents or "").encode())
    else:
        content = _read(placed, metadata)
        if content is None:
            return None
    as_written = "" if spelled.rstrip("/") == path else spelled
    return Entry(path, kind, mode, content, target, uid, gid, EPOCH, spelled=as_written)


def _path(placed: Placed[File]) -> tuple[str, str]:
    """The path in the tree, and as LinuxKit would write it: without its first slash, and else as it is."""
    file = placed.value
    if not file.path:
        raise InputError("a file needs a path", where=placed.where("path"))
    spelled = file.path.removeprefix("/")
    normal = posixpath.normpath("/" + spelled).lstrip("/")
    if posixpath.normpath(spelled or ".").startswith("..") or not normal:
        raise InputError(f"{shown(file.path)} is no path inside the image", where=placed.where("path"))
    try:
        return normalised(normal), spelled
    except InputError as problem:
        raise InputError(problem.what, where=placed.where("path"), hint=problem.hint) from None


def _only(placed: Placed[File]) -> None:
    """What has contents of its own must not name others."""
    file = placed.value
    what = "a folder" if file.directory else "a link" if file.symlink else "a file with contents"
    for key in ("metadata", "source"):
        if getattr(file, key):
            raise InputError(f"{what} has no {key}", where=placed.where(key), hint="leave one of them out")
    if file.directory and file.contents is not None:
        raise InputError("a folder has no contents", where=placed.where("contents"), hint="leave one of them out")


def _read(placed: Placed[File], metadata: Callable[[str], bytes]) -> Content | None:
    file = placed.value
    if not file.source and not file.metadata:
        raise InputError(
            f"the contents of {shown(file.path)} are not specified",
            where=placed.where("path"),
            hint="add contents, source, metadata, symlink or directory: true",
        )
    if file.source and file.metadata:
        raise InputError("a file has a source or metadata, not both", where=placed.where("metadata"))
    if file.metadata:
        if file.metadata not in METADATA:
            near = nearest(file.metadata, METADATA)
            hint = f"did you mean {near!r}?" if near else f"expected {' or '.join(METADATA)}"
            raise InputError(f"there is no metadata {shown(file.metadata)}", where=placed.where("metadata"), hint=hint)
        return Bytes(metadata(file.metadata))
    return _source(placed, file.source or "")


def _source(placed: Placed[File], source: str) -> Content | None:
    """A file of this host, as long as it is now."""
    path = Path(source).expanduser() if source.startswith("~/") else placed.folder() / source
    where = placed.where("source")
    try:
        found = path.stat()
    except (OSError, ValueError, RuntimeError) as problem:
        if placed.value.optional:
            return None
        reason = getattr(problem, "strerror", None) or "not a usable path"
        raise InputError(f"{shown_path(path)} cannot be read: {reason}", where=where, hint=_hint(source)) from None
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{shown_path(path)} is no file", where=where)
    if not os.access(path, os.R_OK):
        raise InputError(f"{shown_path(path)} may not be read by you", where=where)
    return Slice(path.absolute(), 0, found.st_size)


def _hint(source: str) -> str:
    if source.startswith(("/", "~/")):
        return "add optional: true if it may be missing"
    return "it is relative to this file's folder; add optional: true if it may be missing"


def _parents(spelled: str) -> list[str]:
    """The folders above a path, outermost first; the root too (as "") where LinuxKit means it, which is for `//x`."""
    parts = [part for part in posixpath.dirname(posixpath.normpath(spelled + "x")).split("/") if part]
    return [""] * spelled.startswith("/") + ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _enterable(mode: int) -> int:
    """A folder's mode after that of a file in it: whoever has any right may also enter."""
    for mask, enter in ((0o700, 0o100), (0o070, 0o010), (0o007, 0o001)):
        mode |= enter if mode & mask else 0
    return mode
