"""The canary guests: what they are made of and how QEMU is asked to start one. Pure; `attempt.py` runs them.

A canary prints one letter for each stage it reaches and ends QEMU itself. Success is the exit status *and* the last
letter: QEMU also exits with 0 when a guest resets.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from harness.words import Arch

ROM_SIZE = 0x10000
DONE = "W"

# Where a guest stopped, by the last letter it printed.
STAGES = {
    "": "before its first instruction",
    "R": "right after its first instruction",
    "P": "in 32-bit protected mode",
    "E": "at the switch to 64-bit mode",
    "L": "at its first vector instruction in 64-bit mode",
    "S": "in a loop of milliseconds in 64-bit mode",
    "W": "at power-off",
}

# From exception level 1 with the MMU off, at address 0 of QEMU's `virt` machine. Kept as words: so few instructions do
# not justify a cross assembler on every build machine, and a test runs them.
_ARM64_CODE = (
    0xD2A12002,  # mov  x2, #0x09000000     UART (PL011)
    0x52806021,  # mov  w1, #0x301          enable, transmit, receive
    0xB9003041,  # str  w1, [x2, #0x30]     UARTCR
    0x52800A41,  # mov  w1, #'R'
    0x39000041,  # strb w1, [x2]
    0x52800981,  # mov  w1, #'L'            an arm64 CPU starts in 64-bit mode
    0x39000041,  # strb w1, [x2]
    0xD2A00600,  # mov  x0, #(3 << 20)
    0xD5181040,  # msr  cpacr_el1, x0       vector unit on
    0xD5033FDF,  # isb
    0x4EA08400,  # add  v0.4s, v0.4s, v0.4s
    0x52800A61,  # mov  w1, #'S'
    0x39000041,  # strb w1, [x2]
    0x52A01003,  # mov  w3, #(1 << 23)
    0x71000463,  # subs w3, w3, #1
    0x54FFFFE1,  # b.ne .-4
    0x52800AE1,  # mov  w1, #'W'
    0x39000041,  # strb w1, [x2]
    0x52B08000,  # mov  w0, #0x84000000     PSCI SYSTEM_OFF
    0x72800100,  # movk w0, #8
    0xD4000002,  # hvc  #0
    0x14000000,  # b    .
)


@dataclass(frozen=True, slots=True)
class Canary:
    """A guest that proves an accelerator.

    `rom` is the firmware image; `status` QEMU's exit status on success; `cpus` the CPU models to try under KVM, the one
    that real runs use by default first; `tcg_cpu` a model to prove the canary itself with; `argv` the machine.
    """

    rom: bytes
    status: int
    cpus: tuple[str, ...]
    tcg_cpu: str
    argv: tuple[str, ...]


def canary(arch: Arch) -> Canary | None:
    """The canary of an architecture; None where there is none (then KVM cannot be proven and is not used)."""
    if arch is Arch.X86_64:
        tail = resources.files(__package__).joinpath("canary_x86_64.bin").read_bytes()
        argv: tuple[str, ...] = (
            *("-machine", "q35", "-chardev", "stdio,id=marks,signal=off"),
            *("-device", "isa-debugcon,chardev=marks,iobase=0xe9"),
            *("-device", "isa-debug-exit,iobase=0xf4,iosize=1"),
        )
        # The plain model tells "this CPU's features" apart from "KVM as such".
        return Canary(tail.rjust(ROM_SIZE, b"\xff"), (0x2A << 1) | 1, ("host", "qemu64"), "max", argv)
    if arch is Arch.ARM64:
        code = struct.pack(f"<{len(_ARM64_CODE)}I", *_ARM64_CODE)
        # gic-version=max: hosts with a GICv3 alone cannot run the default GICv2. KVM takes no CPU model but the host's.
        argv = (
            *("-machine", "virt,gic-version=max", "-chardev", "stdio,id=marks,signal=off"),
            *("-serial", "chardev:marks"),
        )
        return Canary(code.ljust(ROM_SIZE, b"\0"), 0, ("host",), "max", argv)
    return None


def canary_argv(qemu: Path, guest: Canary, rom: str, accel: str, cpu: str) -> list[str]:
    """QEMU's argument list; `rom` is a path of the harness's own, never the user's."""
    return [
        *(str(qemu), "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot", "-m", "16"),
        *("-accel", accel, "-cpu", cpu, "-bios", rom, *guest.argv),
    ]
