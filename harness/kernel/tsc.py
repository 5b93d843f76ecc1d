"""The time stamp counter of x86: QEMU's TCG gives a guest the host's own, and says nowhere how fast it counts.

A kernel measures it against the timer of a PC, three times 50 ms. Where the host is busy it is kept from running in
between, and takes what it found for the truth: of 130 boots beside ten busy programs three had a clock that ran up to
40 times too fast, and one of those saw a soft lockup that was none. So it is told (`tsc_early_khz`), as is a kernel
that has no timer to measure it by.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.plan.target import Target
from harness.words import Arch

_WORD = "tsc_early_khz="
_X86 = (Arch.X86_64, Arch.I386)
_READ = bytes.fromhex("0f31 48c1e220 4809d0 c3")  # rdtsc; shl rdx, 32; or rax, rdx; ret
_SPAN = 10_000_000  # ns that are measured
_TRIES = 16  # readings of both clocks at once, of which the closest counts
_STEP = 1000  # kHz; a kernel takes what is within one percent, and the words should be the same tomorrow


def with_tsc(words: tuple[str, ...], target: Target, khz: int | None) -> tuple[str, ...]:
    """A command line with the host's counter, in the place of what the target says of it. Pure.

    Not for a machine with KVM, by which a guest learns of it, and not where it is not known (None).
    """
    if khz is None or target.arch not in _X86 or target.machine.accelerator == "kvm":
        return words
    return (*without_tsc(words), f"{_WORD}{khz}")


def without_tsc(words: Iterable[str]) -> tuple[str, ...]:
    """The same for hardware, which has a counter of its own. Pure."""
    return tuple(word for word in words if not word.startswith(_WORD))


@functools.cache
def host_tsc_khz() -> int | None:
    """How fast this host's counts, in whole MHz; None on other processors, and where programs may not make code."""
    if platform.machine() != "x86_64" or ctypes.sizeof(ctypes.c_void_p) != 8 or not _is_constant():
        return None
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return None
    page.write(_READ)
    read = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    started, first = _both(read)
    while time.monotonic_ns() - started < _SPAN:
        pass
    ended, second = _both(read)
    return round((second - first) / (ended - started) * 1e6 / _STEP) * _STEP


def _is_constant() -> bool:
    try:
        return " constant_tsc " in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _both(read: Callable[[], int]) -> tuple[int, int]:
    """The time in ns and the counter at that time: of several readings the one that nothing came in between of."""
    readings = []
    for _ in range(_TRIES):
        before = time.monotonic_ns()
        count = read()
        after = time.monotonic_ns()
        readings.append((after - before, (before + after) // 2, count))
    return min(readings)[1:]
