"""What a flattened device tree says of a board's devices (Devicetree Specification 0.4, chapter 5).

A reader of our own, as this takes four tokens and three properties: the library `fdt` makes an object of every property
there is, which took 4 to 12 times as long on Debian's trees and leaves a cell's preflight no time for anything else.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from harness.errors import InputError, Where

MAX_BYTES = 16 << 20
_MAGIC = 0xD00DFEED
_BEGIN, _END, _PROPERTY, _NOP, _FINISH = 1, 2, 3, 4, 9
_DEPTH = 64


class DeviceNode(NamedTuple):
    """One device: what it is compatible with, the most specific first; `enabled` counts its parents' status too."""

    path: str
    compatible: tuple[str, ...]
    enabled: bool


class DeviceTree(NamedTuple):
    """Nodes that have a `compatible`, in the order of the file; `aliases` and `stdout` as they stand there."""

    nodes: tuple[DeviceNode, ...]
    aliases: Mapping[str, str] = MappingProxyType({})
    stdout: str = ""

    def at(self, name: str) -> DeviceNode | None:
        """The node of a path or an alias; options after a colon are left out."""
        name = name.partition(":")[0]
        path = self.aliases.get(name, name)
        return next((node for node in self.nodes if node.path == path), None)


def read_tree(path: Path) -> DeviceTree:
    """Read a .dtb file, once as long as it stays the same. Raises InputError for anything else."""
    try:
        status = path.stat()
        return _read(path, status.st_mtime_ns, status.st_size)
    except OSError as problem:
        raise InputError(f"the device tree cannot be read: {problem.strerror}", where=Where(str(path))) from problem


@lru_cache(maxsize=16)
def _read(path: Path, mtime: int, size: int) -> DeviceTree:
    del mtime, size  # they are the key
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB")
        return parse(data)
    except (ValueError, struct.error) as problem:
        raise InputError(
            f"not a device tree: {problem}", where=Where(str(path)), hint="a .dtb file is wanted, as dtc makes it"
        ) from problem


def parse(data: bytes) -> DeviceTree:
    """The devices in a blob. Raises ValueError or struct.error for damage."""
    magic, _, structure, strings = struct.unpack_from(">4I", data)
    if magic != _MAGIC:
        raise ValueError("it does not begin with d00dfeed")
    nodes: list[DeviceNode] = []
    aliases: dict[str, str] = {}
    stdout = ""
    stack: list[_Open] = []
    at = structure
    while True:
        (token,) = struct.unpack_from(">I", data, at)
        at += 4
        if token == _BEGIN:
            name, at = _text(data, at)
            at += -at % 4
            if len(stack) >= _DEPTH:
                raise ValueError(f"its nodes are nested deeper than {_DEPTH}")
            parent = stack[-1] if stack else None
            path = f"{parent.path.rstrip('/')}/{name}" if parent else "/"
            stack.append(_Open(path, len(nodes), parent.enabled if parent else True))
        elif token == _PROPERTY:
            size, offset = struct.unpack_from(">II", data, at)
            at += 8
            if not stack or at + size > len(data):
                raise ValueError("a property leads out of it")
            value = data[at : at + size]
            at += size + -size % 4
            node = stack[-1]
            if node.path == "/aliases":
                aliases[_text(data, strings + offset)[0]] = _word(value)
                continue
            name = _text(data, strings + offset)[0]
            if name == "compatible":
                node.compatible = tuple(word for word in value.decode("utf-8", "replace").split("\0") if word)
            elif name == "status":
                node.enabled = node.enabled and _word(value) in ("okay", "ok")
            elif name in ("stdout-path", "linux,stdout-path") and node.path == "/chosen":
                stdout = _word(value)
        elif token == _END:
            if not stack:
                raise ValueError("it closes a node too many")
            done = stack.pop()
            if done.compatible:
                nodes.insert(done.index, DeviceNode(done.path, done.compatible, done.enabled))
        elif token == _FINISH:
            return DeviceTree(tuple(nodes), aliases, stdout)
        elif token != _NOP:
            raise ValueError(f"it has the token {token} at byte {at - 4}")


class _Open:
    """A node that has not ended yet. Its properties stand before its children, so its status is known to them."""

    def __init__(self, path: str, index: int, enabled: bool) -> None:
        self.path, self.index, self.enabled = path, index, enabled
        self.compatible: tuple[str, ...] = ()


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at)
    if end < 0 or end - at > 4096:
        raise ValueError("a name does not end")
    return data[at:end].decode("utf-8", "replace"), end + 1


def _word(value: bytes) -> str:
    return value.split(b"\0")[0].decode("utf-8", "replace")
