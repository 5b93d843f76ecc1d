"""The newc cpio format (Documentation/driver-api/early-userspace/buffer-format): what the kernel unpacks as initramfs.

The same entries give the same bytes, whoever writes them: sorted, no times, no owners, inode numbers counted, modes
not taken from the disk. Device nodes exist only as entries, so no root is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from harness.errors import HostError, InputError

TRAILER = "TRAILER!!!"
_MAX_NAME = 4095  # PATH_MAX with its NUL: the kernel skips longer ones silently
_MAX_SIZE = 0xFFFFFFFF  # eight hex digits
_BLOCK = 512
_CHUNK = 1 << 20


class Sink(Protocol):
    """What an archive is written to."""

    def write(self, data: bytes, /) -> object:
        """Take all of these bytes."""


@dataclass(frozen=True, slots=True)
class Node:
    """One entry of an archive, by its path there (relative, `/` between). Make them by the functions below."""

    path: str
    mode: int  # type and permissions
    data: bytes | Path = b""  # a file's bytes, or where to read them; a link's target
    device: tuple[int, int] = (0, 0)  # major, minor


def file(path: str, data: bytes | Path, *, executable: bool = False) -> Node:
    """An ordinary file: mode 0755 or 0644."""
    return Node(path, 0o100755 if executable else 0o100644, data)


def folder(path: str, permissions: int = 0o755) -> Node:
    """A folder; those that a path needs need not be given."""
    return Node(path, 0o040000 | permissions)


def link(path: str, target: str) -> Node:
    """A symbolic link; its target is for the guest to follow and may be anything the kernel takes."""
    return Node(path, 0o120777, target.encode())


def character(path: str, major: int, minor: int) -> Node:
    """A character device, mode 0600."""
    return Node(path, 0o020600, device=(major, minor))


def write(nodes: Iterable[Node], out: Sink) -> int:
    """Write an archive; returns its bytes. Missing folders are added, order does not matter.

    Raises InputError for a path that escapes, appears twice or lies below something that is no folder, and for what
    does not fit the format.
    """
    ordered = arranged(nodes)
    written = sum(_entry(out, number, node) for number, node in enumerate(ordered, 1))
    written += _header(out, 0, Node(TRAILER, 0), 0, nlink=1)
    padding = -written % _BLOCK
    out.write(b"\0" * padding)
    return written + padding


def arranged(nodes: Iterable[Node]) -> list[Node]:
    """All entries with the folders they need, parents first. Pure."""
    given: dict[str, Node] = {}
    for node in nodes:
        path = normalised(node.path)
        if path in given and not (_is_folder(node) and given[path].mode == node.mode):
            raise InputError(f"two entries of an archive have the name {path!r}")
        given[path] = Node(path, node.mode, node.data, node.device)
    for path in list(given):
        for parent in PurePosixPath(path).parents:
            name = str(parent)
            if name == ".":
                continue
            if not _is_folder(given.setdefault(name, folder(name))):
                raise InputError(f"{path!r} lies below {name!r}, which is no folder")
    return [given[path] for path in sorted(given, key=lambda name: name.split("/"))]


def normalised(path: str) -> str:
    """A path as it stands in an archive: relative, without `.` and empty parts. Raises InputError where it escapes."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    text = "/".join(parts)
    if ".." in parts or not text or "\0" in text:
        raise InputError(f"{path!r} cannot be the name of an archive's entry", hint="give a path inside, without '..'")
    if len(text.encode()) > _MAX_NAME:
        raise InputError(f"{text[:60]!r}... is longer than {_MAX_NAME} bytes, which the kernel refuses")
    if text == TRAILER:
        raise InputError(f"{text!r} is the name that ends an archive")
    return text


def _is_folder(node: Node) -> bool:
    return node.mode & 0o170000 == 0o040000


def _entry(out: Sink, number: int, node: Node) -> int:
    if isinstance(node.data, Path):
        with node.data.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            written = _header(out, number, node, size)
            left = size
            while left and (block := stream.read(min(left, _CHUNK))):
                out.write(block)
                left -= len(block)
            if left or stream.read(1):
                raise HostError(f"{node.data} changed while it was read")
    else:
        size = len(node.data)
        written = _header(out, number, node, size)
        out.write(node.data)
    out.write(b"\0" * (-size % 4))
    return written + size + -size % 4


def _header(out: Sink, number: int, node: Node, size: int, nlink: int | None = None) -> int:
    if size > _MAX_SIZE:
        raise InputError(f"{node.path!r} has {size} bytes; a cpio entry holds at most 4 GiB")
    name = node.path.encode() + b"\0"
    count = nlink if nlink is not None else 2 if _is_folder(node) else 1
    fields = (number, node.mode, 0, 0, count, 0, size, 0, 0, *node.device, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    head += b"\0" * (-len(head) % 4)
    out.write(head)
    return len(head)
