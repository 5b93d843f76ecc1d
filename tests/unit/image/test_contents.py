"""What an initrd's walk sees of its programs, links and modules."""

from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path

import pytest

from harness.image import cpio
from harness.image.contents import Contents, Program, program_of
from harness.image.entries import Entry, file, link
from harness.image.initrdcheck import check_initrd


def archive(*nodes: Entry) -> bytes:
    out = io.BytesIO()
    cpio.write(nodes, out)
    return out.getvalue()


def test_segments_lie_over_one_another(tmp_path: Path) -> None:
    path = tmp_path / "initrd"
    first = archive(
        file("init", b"#!/bin/sh -e\n", executable=True),
        file("lib/modules/6.1/kernel/a.ko", b"x" * 5000),
        link("bin", "usr/bin"),
        file("usr/bin/busybox", b"\x7fELF", executable=True),
        link("usr/bin/sh", "busybox"),
        file("etc/text", b"#!/bin/no"),
    )
    path.write_bytes(first + gzip.compress(archive(file("init", b"#!/usr/bin/env x\n", executable=True))))
    found = check_initrd(path)
    assert found.forms == ("none", "gzip")
    assert found.modules == ("lib/modules/6.1/kernel/a.ko",)
    assert found.program("/init") == Program("script", interpreter="/usr/bin/env")
    assert found.program("/bin/sh") == Program("other")
    assert found.program("/etc/text") is None
    assert found.packed == path.stat().st_size
    assert found.complete
    assert Contents.from_json(found.as_json()) == found


def test_a_form_that_is_not_read_leaves_it_open(tmp_path: Path) -> None:
    path = tmp_path / "initrd"
    path.write_bytes(b"\x89LZO\x00" + b"x" * 50)
    assert not check_initrd(path).complete


def elf(bits: int, machine: int, *, little: bool = True, flags: int = 0, entry: int = 0) -> bytes:
    order = "<" if little else ">"
    head = b"\x7fELF" + bytes([bits // 32, 1 if little else 2]) + bytes(10) + struct.pack(f"{order}HH", 2, machine)
    head = head.ljust(24, b"\0") + struct.pack(f"{order}I", entry)
    head = head.ljust(36, b"\0") + struct.pack(f"{order}I", flags)
    return head.ljust(128, b"\0")


@pytest.mark.parametrize(
    ("head", "arch"),
    [
        (elf(64, 62), "x86_64"), (elf(32, 3), "i386"), (elf(64, 183), "arm64"), (elf(32, 40, flags=0x5000400), "armhf"),
        (elf(32, 40, flags=0x5000200), "armel"), (elf(64, 243), "riscv64"), (elf(64, 22, little=False), "s390x"),
        (elf(64, 21), "ppc64le"), (elf(64, 21, little=False), "ppc64"), (elf(64, 999), "ELF machine 999"),
    ],
)  # fmt: skip
def test_architectures(head: bytes, arch: str) -> None:
    assert program_of(head) == Program("elf", arch)


def test_thumb_code() -> None:
    assert program_of(elf(32, 40, flags=0x5000400, entry=0x10001)).thumb
    assert not program_of(elf(32, 40, flags=0x5000400, entry=0x10000)).thumb
    assert not program_of(elf(64, 183, entry=1)).thumb


def test_the_loader_of_a_dynamic_program() -> None:
    found = program_of(Path("/bin/true").read_bytes()[:1024])
    assert found.kind == "elf"
    assert found.interpreter.startswith("/lib")
