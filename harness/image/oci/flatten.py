"""Layers laid over one another: one tree, without what upper layers take away. Pure: no file is opened.

The rules are those of the OCI image specification ("Applying changesets"): a whiteout concerns the layers below its own
only, wherever in the archive it stands; a folder over a folder keeps what is inside; anything else replaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from harness.errors import InputError
from harness.image.entries import Entry, Kind
from harness.image.oci.content import Checked
from harness.image.oci.member import WHITEOUT, Layer, Member

_OPAQUE = ".wh..wh..opq"
_RESERVED = ".wh..wh."  # names of aufs's own, which mean nothing to anybody else


@dataclass(slots=True, eq=False)
class _Node:
    """One inode; names that are hard links share it. `layer` is None for a folder that no layer speaks of."""

    member: Member
    layer: Layer | None
    inside: dict[str, _Node] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        return self.member.kind is Kind.FOLDER


def _implied(path: str) -> _Node:
    return _Node(Member(path, Kind.FOLDER, 0o755, 0, 0, 0), None)


def flatten(layers: Sequence[Layer]) -> Iterator[Entry]:
    """The entries of layers, lowest first: sorted, a folder before its contents, hard links after everything else.

    Raises InputError naming layer and member for a member below something that is not a folder (a link above all), a
    hard link to nothing or to a folder, and for one layer that has two different things under one path.
    """
    root = _implied("")
    for layer in layers:
        for member in layer.members:
            if member.name.startswith(WHITEOUT):
                _white_out(root, layer, member)
        seen: dict[str, Member] = {}
        for member in layer.members:
            if not member.name.startswith(WHITEOUT) and not _again(seen, layer, member):
                _add(root, layer, member)
    return _entries(root)


def _refuse(layer: Layer, what: str) -> InputError:
    return InputError(f"layer {layer.digest}: {what}")


def _find(root: _Node, path: str) -> _Node | None:
    """What lies at a path; no link is ever followed."""
    node = root
    for part in path.split("/") if path else ():
        below = node.inside.get(part)
        if below is None:
            return None
        node = below
    return node


def _white_out(root: _Node, layer: Layer, member: Member) -> None:
    parent = _find(root, member.folder)
    if member.name == _OPAQUE:
        if parent:
            parent.inside.clear()
        return
    if member.name.startswith(_RESERVED):
        return
    name = member.name[len(WHITEOUT) :]
    if name in ("", ".", ".."):
        raise _refuse(layer, f"{member.path!r} takes away nothing that has a name")
    if parent:
        parent.inside.pop(name, None)


def _again(seen: dict[str, Member], layer: Layer, member: Member) -> bool:
    """Whether this layer has had the same before. Tools differ on which of two counts, so two that differ are refused;
    for folders it makes no difference but in their permissions, and writers repeat them often."""
    before = seen.setdefault(member.path, member)
    if before is member:
        return False
    if before.kind is member.kind is Kind.FOLDER:
        return False
    if replace(before, offset=0, mtime=0) == replace(member, offset=0, mtime=0):
        return True
    raise _refuse(layer, f"{member.path!r} is in it twice, and not the same")


def _add(root: _Node, layer: Layer, member: Member) -> None:
    if not member.path:
        root.member, root.layer = member, layer
        return
    parent = root
    path = ""
    for part in member.folder.split("/") if member.folder else ():
        path = f"{path}/{part}" if path else part
        below = parent.inside.get(part)
        if below is None:
            below = parent.inside[part] = _implied(path)
        if not below.is_folder:
            raise _refuse(layer, f"{member.path!r} lies below {path!r}, which is a {below.member.kind.value}")
        parent = below
    node = _Node(member, layer)
    before = parent.inside.get(member.name)
    if member.kind is Kind.HARDLINK:
        found = _find(root, member.target)
        if found is None or found.is_folder:
            what = "is not there before it" if found is None else "is a folder"
            raise _refuse(layer, f"{member.path!r} is a hard link to {member.target!r}, which {what}")
        node = found
    elif node.is_folder and before and before.is_folder:
        before.member, before.layer = member, layer
        return
    parent.inside[member.name] = node


def _entries(root: _Node) -> Iterator[Entry]:
    """In the order of names, by a stack of our own: paths may be deeper than Python's."""
    files: dict[_Node, list[str]] = {}
    tree: list[tuple[str, _Node]] = []
    todo = [("", root)]
    while todo:
        path, node = todo.pop()
        tree.append((path, node))
        if node.member.kind is Kind.FILE:
            files.setdefault(node, []).append(path)
        names = sorted(node.inside, reverse=True)
        todo += [(f"{path}/{name}" if path else name, node.inside[name]) for name in names]
    linked = {node: _first(node, paths) for node, paths in files.items() if len(paths) > 1}
    later = []
    for path, node in tree:
        if path == "" and node.layer is None:
            continue
        if linked.get(node, path) != path:
            later.append((path, node))
            continue
        yield _entry(path, node)
    for path, node in later:
        entry = _entry(path, node)
        yield replace(entry, kind=Kind.HARDLINK, content=None, target=linked[node])


def _first(node: _Node, paths: list[str]) -> str:
    """Which of a file's names is the file: the one it was packed under, where that is still there."""
    return node.member.path if node.member.path in paths else paths[0]


def _entry(path: str, node: _Node) -> Entry:
    member = node.member
    content = None
    if member.kind is Kind.FILE and node.layer:
        content = Checked(node.layer.archive, member.offset, member.size, member.sha256, member.sha1)
    return Entry(
        path,
        member.kind,
        member.mode,
        content,
        member.target,
        member.uid,
        member.gid,
        member.mtime,
        member.device,
        tuple((name, value.encode("latin-1")) for name, value in member.xattrs),
    )
