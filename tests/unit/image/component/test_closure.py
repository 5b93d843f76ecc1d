"""What a file needs, found in packages; without Debian, on an ELF file made byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image.component.build import parts_of
from harness.image.component.closure import Pool, closure, pool_of
from harness.image.component.debtree import merged
from harness.image.oci.member import Layer
from harness.image.oci.tarindex import members
from tests.unit.image.oci.layouts import folder, hardlink, member, symlink, tar

INTERPRETER = "/lib64/ld-linux-x86-64.so.2"


def elf(needed: Sequence[str] = (), interpreter: str = "", runpath: str = "") -> bytes:
    """A 64-bit file with the two segments that count."""
    strings = b"\0"
    tags = []
    for tag, text in [*((1, name) for name in needed), *([(29, runpath)] if runpath else [])]:
        tags.append((tag, len(strings)))
        strings += text.encode() + b"\0"
    base = 64 + 3 * 56
    interp_at = base
    strings_at = interp_at + len(interpreter) + 1
    dynamic_at = strings_at + len(strings)
    tags = [(5, strings_at), (10, len(strings)), *tags, (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    total = dynamic_at + len(dynamic)

    def segment(kind: int, at: int, size: int) -> bytes:
        return struct.pack("<IIQQQQQQ", kind, 4, at, at, at, size, size, 1)

    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 3, 64, 0, 0)
    kind = 3 if interpreter else 0
    segments = segment(1, 0, total) + segment(kind, interp_at, len(interpreter) + 1)
    return head + segments + segment(2, dynamic_at, len(dynamic)) + interpreter.encode() + b"\0" + strings + dynamic


def pool(tmp_path: Path, **packages: bytes) -> Pool:
    layers = []
    for name, data in packages.items():
        archive = tmp_path / f"{name}.tar"
        archive.write_bytes(data)
        from dataclasses import replace

        found = [replace(one, path=merged(one.path)) for one in members(archive)]
        layers.append(Layer(name, archive, found))
    return pool_of(layers, "x86_64-linux-gnu")


LIBC = tar(
    member("lib/x86_64-linux-gnu/libc.so.6", elf()),
    member("lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", elf(), mode=0o755),
    symlink("lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
)


def test_libraries_interpreter_and_links_come_along(tmp_path: Path) -> None:
    found = pool(
        tmp_path,
        it=tar(member("usr/bin/it", elf(["liba.so.1"], INTERPRETER), mode=0o755), symlink("usr/bin/alias", "it")),
        liba=tar(
            symlink("usr/lib/x86_64-linux-gnu/liba.so.1", "liba.so.1.2"),
            member("usr/lib/x86_64-linux-gnu/liba.so.1.2", elf(["libc.so.6"])),
            member("usr/lib/x86_64-linux-gnu/liba.so.2", elf()),
        ),
        libc=LIBC,
    )
    assert closure(found, ["usr/bin/alias"]) == [
        "usr/bin/alias",
        "usr/bin/it",
        "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
        "usr/lib/x86_64-linux-gnu/liba.so.1",
        "usr/lib/x86_64-linux-gnu/liba.so.1.2",
        "usr/lib/x86_64-linux-gnu/libc.so.6",
        "usr/lib64/ld-linux-x86-64.so.2",
    ]


def test_a_library_where_the_program_says_it_is(tmp_path: Path) -> None:
    program = elf(["libp.so"], runpath="$ORIGIN/../lib/it")
    found = pool(tmp_path, it=tar(member("usr/bin/it", program), member("usr/lib/it/libp.so", elf())))
    assert closure(found, ["usr/bin/it"]) == ["usr/bin/it", "usr/lib/it/libp.so"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (elf(["libz.so.9"]), "usr/bin/it needs the library libz.so.9"),
        (elf([], "/lib/ld-none.so"), "usr/bin/it needs its interpreter /lib/ld-none.so"),
        (b"#!/usr/bin/perl -w\n", "usr/bin/it needs its interpreter /usr/bin/perl"),
    ],
)
def test_what_is_lacking_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    found = pool(tmp_path, it=tar(member("usr/bin/it", data, mode=0o755)), libc=LIBC)
    with pytest.raises(InputError, match=words):
        closure(found, ["usr/bin/it"])


def test_a_link_that_leads_nowhere_brings_no_library(tmp_path: Path) -> None:
    found = pool(
        tmp_path, it=tar(member("usr/bin/it", elf(["libl.so"])), symlink("usr/lib/libl.so", "libl.so.1")), libc=LIBC
    )
    with pytest.raises(InputError, match=r"needs the library libl\.so"):
        closure(found, ["usr/bin/it"])


def test_hard_links_bring_their_file_and_what_the_image_has_is_not_taken_twice(tmp_path: Path) -> None:
    found = pool(tmp_path, it=tar(folder("usr"), member("usr/f", b"x"), hardlink("usr/g", "usr/f")), sh=LIBC)
    assert closure(found, ["usr/g"]) == ["usr/f", "usr/g"]
    assert closure(found, ["usr/g", "usr/f"], own=["usr/g"]) == ["usr/f"]


def test_patterns_match_files_and_not_folders(tmp_path: Path) -> None:
    found = pool(tmp_path, it=tar(folder("usr/x"), member("usr/x/a.so", b""), member("usr/x/y/b.so", b"")))
    assert found.matching("usr/*.so") == ["usr/x/a.so", "usr/x/y/b.so"]
    assert found.matching("usr/x") == []


def test_components_that_include_one_another_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "component.yml").write_text(f"description: x\ninclude: [{other}]\n")
    with pytest.raises(InputError, match="the component a includes itself"):
        parts_of("a", tmp_path)
