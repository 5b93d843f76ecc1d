"""What is inside an initrd, as far as it decides whether a kernel can start from it."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

HEAD = 1024  # bytes of a program that are looked at: its ELF header, or its first line
_MAX_NAMES = 20_000  # a hostile archive may have millions
_INTERPRETER_BYTES = 256
# e_machine of ELF (https://refspecs.linuxfoundation.org, gABI) -> the architectures that run it, by word size.
_MACHINES = {
    (62, 64): "x86_64", (3, 32): "i386", (183, 64): "arm64", (40, 32): "armhf", (243, 64): "riscv64",
    (22, 64): "s390x", (21, 64): "ppc64le", (62, 32): "x32", (20, 32): "ppc", (243, 32): "riscv32",
}  # fmt: skip


class Program(NamedTuple):
    """An executable file: `kind` is elf, script or other; `arch` an ELF's; `interpreter` a script's or an ELF's.

    `thumb`: it starts in Thumb code, which not every 32-bit Arm kernel runs.
    """

    kind: str
    arch: str = ""
    interpreter: str = ""
    thumb: bool = False


class Contents(NamedTuple):
    """Paths are relative, without a leading slash. Where `complete` is false, what is absent may yet be there."""

    forms: tuple[str, ...]  # compression of each segment, in order; "none" for a plain archive
    packed: int  # bytes
    unpacked: int  # bytes of all files; 0 where a segment could not be read
    complete: bool
    programs: Mapping[str, Program] = MappingProxyType({})
    links: Mapping[str, str] = MappingProxyType({})
    modules: tuple[str, ...] = ()  # files below lib/modules

    def as_json(self) -> str:
        """For keeping it."""
        return json.dumps({**self._asdict(), "programs": dict(self.programs), "links": dict(self.links)})

    @classmethod
    def from_json(cls, text: str) -> Contents:
        """What `as_json` gave."""
        data = json.loads(text)
        programs = {path: Program(*program) for path, program in data.pop("programs").items()}
        forms, modules = tuple(data.pop("forms")), tuple(data.pop("modules"))
        return cls(forms=forms, modules=modules, programs=programs, **data)

    def program(self, path: str) -> Program | None:
        """The executable that a path leads to, links followed as the kernel follows them; None where there is none."""
        path = path.lstrip("/")
        for _ in range(16):
            if path in self.programs:
                return self.programs[path]
            parts = path.split("/")
            for count in range(len(parts), 0, -1):
                prefix = "/".join(parts[:count])
                if prefix in self.links:
                    path = _joined(prefix, self.links[prefix], parts[count:])
                    break
            else:
                return None
        return None


class Reader:
    """Collects `Contents` while an archive is walked."""

    def __init__(self) -> None:
        self.forms: list[str] = []
        self.complete = True
        self.unpacked = 0
        self._programs: dict[str, Program] = {}
        self._links: dict[str, str] = {}
        self._modules: dict[str, None] = {}

    def data(self, block: bytes) -> None:
        """What follows the head of the entry that was the last."""

    def entry(self, name: str, mode: int, size: int, head: bytes, inode: int = 0) -> None:  # noqa: ARG002
        """One entry of an archive; `head`: the first `HEAD` bytes of its data. Names of one file share the `inode`."""
        path = "/".join(part for part in name.split("/") if part not in ("", "."))
        self.unpacked += size
        if len(self._programs) + len(self._links) + len(self._modules) >= _MAX_NAMES:
            self.complete = False
            return
        kind = mode & 0o170000
        if kind in (0o100000, 0o120000):  # a later entry takes the place of an earlier one, as in the kernel
            self._programs.pop(path, None)
            self._links.pop(path, None)
        if kind == 0o120000:
            self._links[path] = head.decode("utf-8", "replace").rstrip("\0")
        elif kind == 0o100000 and path.startswith(("lib/modules/", "usr/lib/modules/")):
            self._modules[path.removeprefix("usr/")] = None
        elif kind == 0o100000 and mode & 0o111:
            self._programs[path] = program_of(head)

    def contents(self, packed: int) -> Contents:
        """All that was seen."""
        return Contents(
            forms=tuple(self.forms),
            packed=packed,
            unpacked=self.unpacked,
            complete=self.complete,
            programs=self._programs,
            links=self._links,
            modules=tuple(self._modules),
        )


def program_of(head: bytes) -> Program:
    """What an executable is, by its first bytes."""
    if head[:2] == b"#!":
        words = head[2 : 2 + _INTERPRETER_BYTES].split(b"\n")[0].split()
        return Program("script", interpreter=words[0].decode("utf-8", "replace") if words else "")
    if head[:4] != b"\x7fELF" or len(head) < 52:
        return Program("other")
    little, bits = head[5] != 2, 64 if head[4] == 2 else 32
    order = "<" if little else ">"
    machine = struct.unpack_from(f"{order}H", head, 18)[0]
    arch = _MACHINES.get((machine, bits), f"ELF machine {machine}")
    if arch == "ppc64le" and not little:
        arch = "ppc64"
    if arch == "armhf" and not struct.unpack_from(f"{order}I", head, 36)[0] & 0x400:  # EF_ARM_ABI_FLOAT_HARD
        arch = "armel"
    # The lowest bit of where an Arm program starts (e_entry) tells of Thumb code.
    thumb = arch in ("armhf", "armel") and bool(struct.unpack_from(f"{order}I", head, 24)[0] & 1)
    return Program("elf", arch, _interpreter(head, order, bits), thumb)


def _interpreter(head: bytes, order: str, bits: int) -> str:
    """The dynamic loader that an ELF asks for (PT_INTERP), where it stands in the head."""
    wide = bits == 64
    if wide and len(head) < 64:
        return ""
    table = struct.unpack_from(f"{order}Q" if wide else f"{order}I", head, 32 if wide else 28)[0]
    size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
    for index in range(min(count, 32)):
        at = table + index * size
        if at + (56 if wide else 32) > len(head):
            break
        if struct.unpack_from(f"{order}I", head, at)[0] != 3:
            continue
        offset = struct.unpack_from(f"{order}Q" if wide else f"{order}I", head, at + (8 if wide else 4))[0]
        return bytes(head[offset : offset + _INTERPRETER_BYTES]).split(b"\0")[0].decode("utf-8", "replace")
    return ""


def _joined(link: str, target: str, rest: list[str]) -> str:
    """The path that a link leads to, from the root of the archive."""
    base = [] if target.startswith("/") else link.split("/")[:-1]
    path: list[str] = []
    for part in (*base, *target.split("/"), *rest):
        if part == "..":
            path = path[:-1]
        elif part not in ("", "."):
            path.append(part)
    return "/".join(path)
