"""Hang forensics on registers and memory made by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.forensics.findings import examine
from harness.forensics.printk import HEAD, kernel_log
from harness.forensics.registers import LAYOUTS, Where, where_is
from harness.forensics.symbols import SystemMap, kernel_offset
from harness.machine.observation import Observation
from harness.machine.qemu.observe import MOST_RAM, ram_ranges
from harness.words import Arch

TEXTS = ["Linux version 6.1.0 (us@here)", "Command line: console=ttyS9 quiet", "a\tlonger line with words", "last"]


def ring(texts: list[str], word: int, *, first: int, order: str = "little") -> bytes:
    """A text ring as the kernel fills it (struct prb_data_block)."""
    most = 1 << (8 * word - 2)
    out = b""
    for number, text in enumerate(texts):
        data = text.encode()
        out += ((first + number) % most).to_bytes(word, order) + data + bytes(-len(data) % word)  # type: ignore[arg-type]
    return out


@pytest.mark.parametrize("word", [4, 8])
@pytest.mark.parametrize("order", ["little", "big"])
def test_a_log_is_found_wherever_it_lies(word: int, order: str) -> None:
    wraps = (1 << (8 * word - 2)) - 2  # the first ids of a kernel are just below the wrap
    log = ring(TEXTS, word, first=wraps, order=order)
    memory = b"\xcc" * 64 + HEAD + b"6.1.0 in a banner" + b"\xcc" + bytes(8) + log + b"\xcc" * 5000
    assert memory.index(log) % word == 0
    found = kernel_log(memory, word=word, order=order)  # type: ignore[arg-type]
    assert found[:3] == TEXTS[:3]
    assert found[3].startswith("last")


def test_what_printk_leaves_behind_a_text_is_no_part_of_it() -> None:
    left = ["Linux version 6.1 (us)\n", "detected: Spectre-v4v4\n", "step=init status=0\n", "x1 : 0\x01c"]
    assert kernel_log(bytes(8) + ring(left, 8, first=9), word=8) == [
        "Linux version 6.1 (us)",
        "detected: Spectre-v4",
        "step=init status=0",
        "x1 : 0",
    ]


def test_memory_without_a_log() -> None:
    noise = hashlib.shake_256(b"noise").digest(1 << 16)
    assert kernel_log(noise, word=8) == []
    assert kernel_log(b"", word=8) == []
    assert kernel_log(bytes(3) + ring(TEXTS, 8, first=9), word=8) == []  # no kernel puts it at such an address
    assert kernel_log(HEAD * 5000, word=8) == []
    assert kernel_log(bytes(8) + HEAD + b"6.1", word=8) == []


@pytest.mark.parametrize(
    ("arch", "text", "expected"),
    [
        (Arch.X86_64, "RIP=ffffffff81000010 RFL=00000246 [---Z-P-]", Where(0xFFFFFFFF81000010, True)),
        (Arch.X86_64, "EIP=00000010 EFL=00000046 [---Z-P-]", Where(0x10, False)),
        (Arch.ARM64, " PC=ffff800008010000 X00=0\nPSTATE=600003c5 -ZC- EL1h", Where(0xFFFF800008010000, False)),
        (Arch.ARM64, " PC=ffff800008010000 X00=0\nPSTATE=60000305 -ZC- EL1h", Where(0xFFFF800008010000, True)),
        (Arch.ARMHF, "R14=c0300000 R15=c0301234\nPSR=60000193 -ZC- A S svc32", Where(0xC0301234, False)),
        (Arch.RISCV64, " pc       ffffffff80001000\n mstatus  0000000a000000a2", Where(0xFFFFFFFF80001000, True)),
        (Arch.S390X, "PSW=mask 0706c00180000000 addr 00000000001234 cc 00", Where(0x1234, True)),
        (Arch.PPC64LE, "NIP c000000000012340   LR 0\nMSR 8000000002009033 HID0 0", Where(0xC000000000012340, True)),
        (Arch.X86_64, "QEMU says something else", Where(None, None)),
    ],
)
def test_registers(arch: Arch, text: str, expected: Where) -> None:
    assert where_is(text, arch) == expected


MAP = "ffffffff81000000 T _text\nffffffff81000100 t spin\nffffffff81000200 T next\nffffffff82000000 D data\nnonsense\n"


def test_an_address_has_a_name_at_the_offset_of_the_running_kernel() -> None:
    symbols = SystemMap(MAP)
    assert symbols.name(0xFFFFFFFF81000110, 0) == "spin+0x10"
    assert symbols.name(0xFFFFFFFF91000110, 0x10000000) == "spin+0x10"
    assert symbols.name(0xFFFFFFFF91000110, 0) is None
    assert symbols.name(0x10, 0) is None


def test_the_offset_is_the_kernels_own_word() -> None:
    note = b"\0\0VMCOREINFO\0\0OSRELEASE=6.1.0\nKERNELOFFSET=1a000000\n"
    assert kernel_offset(b"VMCOREINFO\0 not this one" + bytes(9000) + note, []) == 0x1A000000
    assert kernel_offset(b"", ["Kernel command line: quiet nokaslr"]) == 0
    assert kernel_offset(b"", ["Kernel command line: quiet"]) is None


def test_a_stub_of_a_map_names_nothing(tmp_path: Path) -> None:
    stub = tmp_path / "System.map"
    stub.write_text("ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n")
    assert SystemMap.read(stub) is None
    assert SystemMap.read(tmp_path / "none") is None


def test_what_a_hang_shows(tmp_path: Path) -> None:
    dump, empty, system_map = tmp_path / "memory0.bin", tmp_path / "memory1.bin", tmp_path / "System.map"
    note = b"VMCOREINFO\0\0OSRELEASE=6.1\nKERNELOFFSET=1000\n"
    dump.write_bytes(bytes(16) + ring(TEXTS, 8, first=5) + bytes(4096) + note + bytes(64))
    empty.touch()
    system_map.write_text(MAP)
    looks = (("RIP=ffffffff81001110 RFL=00000046",), ("RIP=ffffffff81001114 RFL=00000046",))
    found = examine(Observation(looks, (dump, empty)), Arch.X86_64, system_map)
    assert list(found.log) == TEXTS
    assert [str(cpu) for cpu in found.cpus] == ["spin+0x14, runs, interrupts masked"]
    assert not dump.exists()
    assert not empty.exists()


def test_a_kernel_that_never_moves_needs_no_note(tmp_path: Path) -> None:
    dump, system_map = tmp_path / "memory0.bin", tmp_path / "System.map"
    system_map.write_text(MAP)
    looks = (("RIP=ffffffff81000110 RFL=00000046",),)
    for fixed, wanted in ((True, "spin+0x10"), (False, "0xffffffff81000110")):
        dump.write_bytes(bytes(16) + ring(TEXTS, 8, first=5) + bytes(4096))
        found = examine(Observation(looks, (dump,)), Arch.X86_64, system_map, fixed=fixed)
        assert str(found.cpus[0]).startswith(wanted)


def test_ram_is_dumped_once_and_not_without_end() -> None:
    tree = """FlatView #0
  0000000000000000-000000000000ffff (prio 0, rom): bios
  0000000040000000-000000004fffffff (prio 0, ram): mach-virt.ram
FlatView #1
  0000000040000000-000000004fffffff (prio 0, ram): mach-virt.ram
"""
    assert ram_ranges(tree) == ([(0x40000000, 0x10000000)], False)
    large = "  0000000000000000-00000000ffffffff (prio 0, ram): pc.ram\n"
    assert ram_ranges(large) == ([(0, MOST_RAM)], True)


def test_every_architecture_has_its_layout() -> None:
    assert set(LAYOUTS) == set(Arch)
