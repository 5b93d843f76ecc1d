"""The kernel's table of symbols, in every layout that Linux writes it: made here as scripts/kallsyms.c makes it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.forensics.findings import examine
from harness.forensics.kallsyms import Kallsyms, Order
from harness.machine.observation import Observation
from harness.words import Arch

BASE = 0xFFFFFFFF81000000
COUNT = 1500
LONG = "a" * 150  # longer than one byte of ULEB128 tells


@dataclass(frozen=True)
class Layout:
    """`behind`: the addresses stand behind the tokens, as since Linux 6.5; `percpu`: x86's encoding before 6.15."""

    word: int = 8
    order: Order = "little"
    behind: bool = False
    percpu: bool = False
    base: int = BASE


LAYOUTS = [
    Layout(),
    Layout(percpu=True),
    Layout(behind=True, percpu=True),
    Layout(behind=True),
    Layout(word=4, base=0xC0008200),
    Layout(word=4, base=0xC0008200, behind=True),
    Layout(order="big", base=0x100000),
    Layout(order="big", base=0x100000, behind=True),
    Layout(percpu=True, base=BASE + 0x1D400000),  # moved by KASLR
]


def symbols() -> list[tuple[int, str]]:
    """Offset, and type and name, in order: functions of 64 bytes, one of them long in name, and what is no code."""
    found = [(0, "A_first"), *((64 * number, f"t_func{number}") for number in range(1, COUNT - 3))]
    found[700] = (64 * 700, f"T{LONG}")
    end = 64 * COUNT
    return [*found, (end, "T_etext"), (end, "D_sdata"), (end + 64, "d_some")]


def memory(layout: Layout, before: bytes = b"") -> bytes:
    """RAM with the tables in it."""
    mark = "<" if layout.order == "little" else ">"

    def aligned(data: bytes) -> bytes:
        return data + bytes(-len(data) % layout.word)

    def number(value: int) -> bytes:
        return aligned(struct.pack(mark + "I", value))

    tokens = [chr(code) if 33 <= code < 127 else "" for code in range(256)]
    tokens[0], tokens[200] = "t_func", "T" + "a" * 20
    names, markers = b"", []
    for place, (_, name) in enumerate(symbols()):
        if place % 256 == 0:
            markers.append(len(names))
        packed = b"\0" + name[6:].encode() if name.startswith("t_func") else name.encode()
        size = len(packed)
        names += (bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])) + packed
    texts = b"".join(token.encode() + b"\0" for token in tokens)
    index = struct.pack(f"{mark}256H", *[0, *accumulate(len(token) + 1 for token in tokens)][:256])
    if layout.percpu:
        offsets = [0, *(-1 - offset for offset, _ in symbols()[1:])]
    else:
        offsets = [offset for offset, _ in symbols()]
    addresses = aligned(struct.pack(f"{mark}{COUNT}i", *offsets))
    addresses += struct.pack(mark + ("Q" if layout.word == 8 else "I"), layout.base)
    named = number(COUNT) + aligned(names) + aligned(struct.pack(f"{mark}{len(markers)}I", *markers))
    named += aligned(texts) + aligned(index)
    ordered = named + addresses if layout.behind else addresses + named
    return aligned(before) + ordered + bytes(64)


def found(layout: Layout, data: bytes) -> Kallsyms:
    table = Kallsyms.find(data, word=layout.word, order=layout.order)
    assert table
    return table


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_layout_is_read(layout: Layout) -> None:
    table = found(layout, memory(layout))
    assert len(table) == COUNT
    assert table.name(layout.base + 64 * 3 + 5) == "_func3+0x5"
    assert table.name(layout.base + 64 * 700) == f"{LONG}+0x0"
    assert table.name(layout.base + 64 * 1499) == "_func1496+0xc0"
    assert table.name(layout.base + 64 * COUNT + 3) is None  # data
    assert table.name(layout.base - 64) is None
    assert table.name(0x4000) is None


def test_what_looks_like_it_and_is_not_is_passed_over() -> None:
    digits = b"".join(b"%d\0" % digit for digit in range(10))
    decoy = bytes(256) + digits + bytes(8000)
    assert Kallsyms.find(decoy * 3, word=8) is None
    assert found(LAYOUTS[0], memory(LAYOUTS[0], decoy * 3)).name(BASE + 64) == "_func1+0x0"
    assert Kallsyms.find(b"", word=8) is None


def test_the_word_and_the_order_must_be_the_guests() -> None:
    assert Kallsyms.find(memory(LAYOUTS[0]), word=8, order="big") is None
    assert Kallsyms.find(memory(Layout(order="big")), word=8) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=40), st.sampled_from(LAYOUTS))
def test_a_damaged_table_crashes_nothing(changes: list[tuple[int, int]], layout: Layout) -> None:
    data = bytearray(memory(layout))
    for place, value in changes:
        data[place % len(data)] = value
    if table := Kallsyms.find(bytes(data), word=layout.word, order=layout.order):
        for number in range(0, COUNT, 100):
            table.name(layout.base + 64 * number)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30_000), st.sampled_from(LAYOUTS))
def test_a_table_that_is_cut_off_crashes_nothing(size: int, layout: Layout) -> None:
    if table := Kallsyms.find(memory(layout)[:size], word=layout.word, order=layout.order):
        table.name(layout.base + 64 * 1400)


def registers(pc: int) -> tuple[tuple[str, ...], ...]:
    return ((f"RIP={pc:016x} RFL=00000202",),) * 2


def dumped(tmp_path: Path, layout: Layout) -> Path:
    path = tmp_path / "memory0.bin"
    path.write_bytes(memory(layout))
    return path


def test_a_stuck_guest_without_a_system_map_has_names(tmp_path: Path) -> None:
    moved = LAYOUTS[-1]
    seen = Observation(registers(moved.base + 64 * 9 + 1), (dumped(tmp_path, moved),))
    assert [cpu.symbol for cpu in examine(seen, Arch.X86_64).cpus] == ["_func9+0x1"]


def test_a_system_map_whose_offset_is_not_known_gives_way(tmp_path: Path) -> None:
    system_map = tmp_path / "System.map"
    system_map.write_text(f"{BASE:016x} T _text\n{BASE + 64 * 9:016x} T of_the_map\n")
    moved = LAYOUTS[-1]

    def symbol(pc: int, *, fixed: bool) -> str | None:
        seen = Observation(registers(pc), (dumped(tmp_path, moved),))
        return examine(seen, Arch.X86_64, system_map, fixed=fixed).cpus[0].symbol

    assert symbol(moved.base + 64 * 9 + 1, fixed=False) == "_func9+0x1"
    assert symbol(BASE + 64 * 9 + 1, fixed=True) == "of_the_map+0x1"
