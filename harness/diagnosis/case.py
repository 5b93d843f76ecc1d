"""All that is known of a boot that failed, gathered beforehand: the rules of `causes/` read no file and ask nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from harness.diagnosis.diagnosis import Diagnosis, Trace
from harness.forensics.findings import Cpu
from harness.plan.target import Target
from harness.preflight.facts import Facts
from harness.preflight.finding import Finding
from harness.words import Event, Outcome, Source


@dataclass(frozen=True)
class Case:
    """`outcome` is None where the machine could not be started at all; `trouble` has then the host's words."""

    outcome: Outcome | None
    line: str = ""  # the ruling's words: the decisive line, or what was expected and never came
    console: tuple[str, ...] = ()  # what was said on it, a message a line, without times and colours; the last of it
    memory: tuple[str, ...] = ()  # the kernel's log out of guest memory, of a guest that was stuck
    reached: tuple[str, ...] = ()  # milestones, in order
    missing: tuple[str, ...] = ()
    target: Target | None = None  # the machine
    facts: Facts | None = None  # of the kernel that is handed over; None: an ISO or a disk, which bring their own
    findings: tuple[Finding, ...] = ()  # of preflight
    diagnosis: Diagnosis | None = None  # of the console, or where that was silent, of the log out of memory
    cpus: tuple[Cpu, ...] = ()
    footprint: int = 0  # bytes of RAM that the kernel says it takes; 0 where that is not known
    initcalls: tuple[str, ...] = ()  # what the kernel said when it was booted once more, with initcall_debug
    told: tuple[Event, ...] = ()  # by QMP and by QEMU's process, in order
    trouble: str = ""

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Everything the guest said: on its console, and to its own log only."""
        if not self.memory:
            return self.console
        heard = set(self.console)
        return (*self.console, *(line for line in self.memory if line not in heard))

    @property
    def memory_mib(self) -> int:
        """What the kernel may take: of the machine, and no more than mem= leaves it; 0 where it is not known."""
        machine = self.target.machine.memory if self.target else 0
        told = re.fullmatch(r"(\d{1,12})([KMG]?)", (self.last_word("mem") or "").upper())
        if not told:
            return machine
        return min(machine, (int(told[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[told[2]]) >> 20)

    @property
    def exit(self) -> Event | None:
        """QEMU's own end: `data` has `signal` or `status`, and its text QEMU's last words."""
        return next((event for event in self.told if event.source is Source.PROCESS), None)

    @property
    def complaint(self) -> str:
        """What QEMU said of it, or the host; empty where neither ended the boot."""
        return self.trouble or (self.exit.text if self.exit else "")

    @property
    def is_silent(self) -> bool:
        """The console showed nothing of a kernel."""
        return not any("Linux version " in line for line in self.console)

    @property
    def trace(self) -> Trace | None:
        """The call trace of the decisive report."""
        return self.diagnosis.trace if self.diagnosis else None

    def said(self, pattern: str) -> re.Match[str] | None:
        """The last line that has it: what was said later is closer to the end. `string` of the match is the line."""
        return next(self._matches(pattern, reversed(self.lines)), None)

    def said_before_kernel(self, pattern: str) -> re.Match[str] | None:
        """As `said`, of firmware and loader: None once a kernel ran."""
        return None if "kernel" in self.reached else self.said(pattern)

    def all_said(self, pattern: str) -> list[re.Match[str]]:
        """Every line that has it, in order."""
        return list(self._matches(pattern, iter(self.lines)))

    def last_word(self, key: str) -> str | None:
        """The value of a key of the kernel's command line that counts; None where it is not there, or not known."""
        return self.facts.last(key) if self.facts else None

    def behind(self, line: str, most: int = 4) -> tuple[str, ...]:
        """A line and those that follow it."""
        place = self.lines.index(line)
        return self.lines[place : place + most]

    @staticmethod
    def _matches(pattern: str, lines: Iterator[str]) -> Iterator[re.Match[str]]:
        compiled = re.compile(pattern)
        return (found for line in lines if (found := compiled.search(line)))
