"""The canaries themselves: real QEMU starts under TCG, where they must succeed, and broken ones, which must not."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.machine import accel
from harness.machine.accel.attempt import Attempt, Result, attempt
from harness.machine.accel.canary import ROM_SIZE, Canary, canary
from harness.words import Arch

SWITCH = bytes.fromhex("0f22c0ea")  # mov %eax,%cr0 and the far jump into the 64-bit segment
GENEROUS = 20.0  # seconds; only ever spent by a canary that is broken


def guest_of(arch: Arch) -> Canary:
    guest = canary(arch)
    assert guest is not None
    return guest


def qemu_of(arch: Arch) -> Path:
    found = shutil.which(f"qemu-system-{arch.qemu}")
    assert found, f"qemu-system-{arch.qemu} is not installed"
    return Path(found)


def start(arch: Arch, guest: Canary, deadline: float = GENEROUS) -> Attempt:
    return attempt(qemu_of(arch), guest, guest.tcg_cpu, accel="tcg", deadline=deadline)


def broken(patch: bytes) -> Canary:
    """The x86_64 canary with `patch` over the instruction that switches to 64-bit mode."""
    guest = guest_of(Arch.X86_64)
    assert guest.rom.count(SWITCH) == 1
    return replace(guest, rom=guest.rom.replace(SWITCH, patch + SWITCH[len(patch) :]))


@pytest.mark.parametrize("arch", [Arch.X86_64, Arch.ARM64])
def test_canary_succeeds_under_tcg(arch: Arch) -> None:
    seen = start(arch, guest_of(arch))
    assert (seen.result, seen.stage, seen.conclusive) == (Result.PASSED, "W", True), seen


def test_canary_that_resets_at_the_switch_is_a_failure_although_qemu_exits_with_0() -> None:
    seen = start(Arch.X86_64, broken(b"\x0f\x0b"))  # one instruction no CPU has, and no handler: triple fault
    assert (seen.result, seen.stage) == (Result.FAILED, "E"), seen
    assert "reset itself at the switch to 64-bit mode" in seen.detail


def test_one_byte_flipped_at_the_switch_is_reported() -> None:
    # The switch becomes a harmless instruction: what follows runs in the old mode and must find that out.
    seen = start(Arch.X86_64, broken(b"\x0e"), deadline=2.0)
    assert (seen.result, seen.stage) == (Result.HUNG, "E"), seen


def test_canary_that_hangs_at_the_switch_is_killed_at_the_deadline() -> None:
    began = time.monotonic()
    seen = start(Arch.X86_64, broken(b"\xeb\xfe"), deadline=2.0)  # jump to itself
    assert (seen.result, seen.stage) == (Result.HUNG, "E"), seen
    assert seen.detail.startswith("hung for 2.")
    assert "at the switch to 64-bit mode" in seen.detail
    assert time.monotonic() - began < 30  # it would hang for ever


@pytest.mark.parametrize("arch", [Arch.X86_64, Arch.ARM64])
def test_rom_of_nothing_does_not_pass(arch: Arch) -> None:
    empty = replace(guest_of(arch), rom=bytes(ROM_SIZE))
    seen = start(arch, empty, deadline=2.0)
    assert seen.result is not Result.PASSED
    assert seen.stage == ""


@pytest.mark.parametrize("arch", [Arch.X86_64, Arch.ARM64])
def test_rom_fills_its_window(arch: Arch) -> None:
    assert len(guest_of(arch).rom) == ROM_SIZE


@pytest.mark.parametrize("arch", [Arch.ARMHF, Arch.RISCV64, Arch.S390X, Arch.PPC64LE])
def test_other_architectures_have_no_canary(arch: Arch) -> None:
    assert canary(arch) is None


def test_shipped_bytes_are_what_the_source_assembles_to(tmp_path: Path) -> None:
    """Needs binutils for x86_64: `as` and `ld`, or the cross ones on another host."""
    folder = Path(accel.__file__).parent
    tools = []
    for name in ("as", "ld"):
        found = shutil.which(f"x86_64-linux-gnu-{name}") or shutil.which(name)
        assert found, f"{name} is not installed; install binutils (binutils-x86-64-linux-gnu on another architecture)"
        tools.append(found)
    built, linked = tmp_path / "canary.o", tmp_path / "canary.bin"
    source = str(folder / "canary_x86_64.S")
    subprocess.run([tools[0], "--64", "-o", str(built), source], check=True, timeout=60)
    layout = ["-m", "elf_x86_64", "-Ttext", "0xFFE00", "--oformat", "binary"]
    subprocess.run([tools[1], *layout, "-o", str(linked), str(built)], check=True, timeout=60)
    shipped = (folder / "canary_x86_64.bin").read_bytes()
    assert linked.read_bytes() == shipped
    assert len(shipped) <= 1024
