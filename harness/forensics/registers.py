"""Where a CPU is, by QEMU's `info registers`: data, one entry an architecture. Pure.

Interrupts are masked where the flag says so: EFLAGS.IF (bit 9) on x86, PSTATE.I (bit 7) on arm64, CPSR.I (bit 7) on
armhf, mstatus.SIE (bit 1) on riscv64, the external mask of the PSW (bit 57 from the right) on s390x, MSR.EE (bit 15)
on ppc64le.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.words import Arch


@dataclass(frozen=True, slots=True)
class Where:
    """One look at a CPU. What QEMU does not tell is None."""

    pc: int | None
    interrupts: bool | None  # whether it takes any


@dataclass(frozen=True, slots=True)
class Layout:
    """How QEMU prints an architecture: the program counter, the word with the interrupt flag, its bit and its sense."""

    pc: re.Pattern[str]
    flags: re.Pattern[str]
    bit: int
    masks: bool  # whether a set bit masks interrupts


def _layout(pc: str, flags: str, bit: int, *, masks: bool) -> Layout:
    return Layout(re.compile(pc), re.compile(flags), bit, masks)


_X86 = _layout(r"\b[RE]IP=([0-9a-f]+)", r"\b[RE]FL=([0-9a-f]+)", 9, masks=False)
_ARM = _layout(r"\bR15=([0-9a-f]+)", r"\bPSR=([0-9a-f]+)", 7, masks=True)
LAYOUTS = {
    Arch.X86_64: _X86,
    Arch.I386: _X86,
    Arch.ARM64: _layout(r"\bPC=([0-9a-f]+)", r"\bPSTATE=([0-9a-f]+)", 7, masks=True),
    Arch.ARMHF: _ARM,
    Arch.ARMEL: _ARM,
    Arch.RISCV64: _layout(r"\bpc +([0-9a-f]+)", r"\bmstatus +([0-9a-f]+)", 1, masks=False),
    Arch.S390X: _layout(r"PSW=mask [0-9a-f]+ addr ([0-9a-f]+)", r"PSW=mask ([0-9a-f]+)", 57, masks=False),
    Arch.PPC64LE: _layout(r"\bNIP +([0-9a-f]+)", r"\bMSR +([0-9a-f]+)", 15, masks=False),
}


def where_is(text: str, arch: Arch) -> Where:
    """What `info registers` of one CPU says of its place."""
    layout = LAYOUTS[arch]
    pc, flags = layout.pc.search(text), layout.flags.search(text)
    return Where(
        int(pc[1], 16) if pc else None,
        bool(int(flags[1], 16) >> layout.bit & 1) is not layout.masks if flags else None,
    )
