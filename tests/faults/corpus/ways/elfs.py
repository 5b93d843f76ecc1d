"""Programs of a few instructions, made without a compiler: ELF with one loaded segment (System V ABI, chapter 4)."""

from __future__ import annotations

import struct

_BASE, _HEADERS = 0x400000, 64 + 56
_X86_64, _AARCH64 = 62, 183


def _elf64(machine: int, code: bytes) -> bytes:
    size = _HEADERS + len(code)
    head = struct.pack(
        "<4sBBBB8xHHIQQQIHHHHHH",
        *(b"\x7fELF", 2, 1, 1, 0),
        *(2, machine, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0),
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return head + segment + code


# One instruction that no processor has: SIGILL.
AARCH64 = _elf64(_AARCH64, bytes(4))  # udf #0
X86_64 = _elf64(_X86_64, b"\x0f\x0b")  # ud2

# Never sleeps, at a priority above the kernel's own threads: sched_setscheduler(0, SCHED_FIFO, {99}), and a loop.
AARCH64_HOG = _elf64(
    _AARCH64,
    struct.pack("<7I", 0xD2800000, 0xD2800021, 0x10000082, 0xD2800EE8, 0xD4000001, 0x14000000, 99),
)
X86_64_HOG = _elf64(
    _X86_64,
    bytes.fromhex("b890000000 31ff be01000000 488d1504000000 0f05 ebfe 63000000"),
)
