"""From what a machine shows to what is known of a hang. Reads the dumps of its RAM and deletes them."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.forensics.kallsyms import Kallsyms
from harness.forensics.printk import kernel_log
from harness.forensics.registers import Where, where_is
from harness.forensics.symbols import SystemMap, kernel_offset
from harness.machine.observation import Observation
from harness.words import Arch

Name = Callable[[int], str | None]
_32_BIT = frozenset({Arch.ARMHF, Arch.ARMEL, Arch.I386})
MOST_LINES = 4000  # of the kernel's log that are handed on: its last ones


@dataclass(frozen=True, slots=True)
class Cpu:
    """One CPU: `moves` tells whether its program counter was elsewhere at the second look."""

    pc: int | None
    symbol: str | None
    moves: bool
    interrupts: bool | None

    def __str__(self) -> str:
        if self.pc is None:
            return "unknown"
        taken = {True: "interrupts on", False: "interrupts masked", None: "interrupts unknown"}[self.interrupts]
        return f"{self.symbol or hex(self.pc)}, {'runs' if self.moves else 'stands still'}, {taken}"


@dataclass(frozen=True, slots=True)
class Findings:
    """`log`: the kernel's last lines out of guest memory; empty where none was found."""

    cpus: tuple[Cpu, ...]
    log: tuple[str, ...]
    truncated: bool = False


def examine(seen: Observation, arch: Arch, system_map: Path | None = None, *, fixed: bool = False) -> Findings:
    """What the registers and the memory tell. The dumps are gone afterwards.

    `fixed`: this kernel has no code to move itself (RANDOMIZE_BASE), so its System.map holds as it is.
    """
    word, big = (4 if arch in _32_BIT else 8), arch is Arch.S390X
    symbols = SystemMap.read(system_map) if system_map else None
    log: list[str] = []
    offset: int | None = 0 if fixed else None
    table: Kallsyms | None = None
    try:
        for path in seen.memory:
            for memory in _mapped(path):
                found = kernel_log(memory, word=word, order="big" if big else "little")
                log = max(log, found, key=len)
                if offset is None and symbols:
                    offset = kernel_offset(memory, found)
                if table is None and (offset is None or symbols is None):
                    table = Kallsyms.find(memory, word=word, order="big" if big else "little")
    finally:
        for path in seen.memory:
            path.unlink(missing_ok=True)
    return Findings(
        _cpus(seen.registers, arch, _names(symbols, offset, table)), tuple(log[-MOST_LINES:]), seen.truncated
    )


def _mapped(path: Path) -> Iterator[mmap.mmap]:
    """A dump, where it holds anything at all."""
    with (
        contextlib.suppress(OSError, ValueError),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory,
    ):
        yield memory


def _names(symbols: SystemMap | None, offset: int | None, table: Kallsyms | None) -> Name:
    """The build's own symbols where it is known by how much they are off, else those that the kernel has of itself."""
    if symbols is not None and offset is not None:
        return lambda address: symbols.name(address, offset)
    return table.name if table else lambda _: None


def _cpus(looks: Sequence[Sequence[str]], arch: Arch, name: Name) -> tuple[Cpu, ...]:
    if not looks:
        return ()
    return tuple(_cpu([where_is(text, arch) for text in texts], name) for texts in zip(*looks, strict=True))


def _cpu(looks: Sequence[Where], name: Name) -> Cpu:
    last = looks[-1]
    return Cpu(
        pc=last.pc,
        symbol=None if last.pc is None else name(last.pc),
        moves=len({look.pc for look in looks}) > 1,
        interrupts=last.interrupts,
    )
