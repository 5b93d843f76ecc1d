"""What a diagnosis is made of: plain records. Their text is as it stood in the log, decoded but not made safe to show.

Whoever shows or stores it cleans it with `harness.report.text.clean`. Lines are counted from 1 by LF.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from harness.words import Outcome


class Severity(IntEnum):
    """How much a finding decides: the lowest number of a boot does, and of equals the first.

    `BENIGN` comes before all on its own line: what a rule knows to be harmless, no other rule may call a failure.
    """

    BENIGN = 0
    PANIC = 1
    OOPS = 2
    STALL = 3
    OOM = 4
    SHELL = 5
    LOADER = 6
    SERVICE = 7
    ATTEMPT = 8  # a try that failed, which decides only where it was the end, or the boot loader's prompt was
    WARNING = 9


@dataclass(frozen=True, slots=True)
class Frame:
    """One function of a call trace. `offset` and `size` are in hex as printed; a guess of the unwinder's has a `?`."""

    function: str
    offset: str = ""
    size: str = ""
    module: str = ""
    reliable: bool = True


@dataclass(frozen=True, slots=True)
class Registers:
    """The registers of one processor, by the names its architecture prints (`RAX`, `x0`, `GPR03`); values in hex."""

    values: Mapping[str, str] = field(default_factory=dict)
    pc: str = ""
    """The function in the program counter, where the kernel resolved it."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What the kernel printed behind a report: who ran, where, and how it got there (innermost frame first)."""

    frames: tuple[Frame, ...] = ()
    registers: Registers = field(default_factory=Registers)
    function: str = ""
    """The function to blame: the program counter, or the first frame that is not the reporting itself."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """`cpu`, `pid`, `comm`, `hardware`, `modules`, `code`, `access`, as far as they were printed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that a rule knows. `outcome` is None for a warning."""

    rule: str
    severity: Severity
    outcome: Outcome | None
    title: str
    line: int
    text: str
    trace: Trace | None = None
    count: int = 1
    """How often this title was printed in its boot."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something the boot reached. `detail` is its version or exit status where one was printed."""

    name: str
    line: int
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot of those in the log, from its first line to its last."""

    first_line: int
    last_line: int
    outcome: Outcome
    title: str
    line: int | None
    finding: Finding | None = None
    findings: tuple[Finding, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    warnings: tuple[Finding, ...] = ()
    last_text: str = ""
    """The last line that was not empty."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the log says. `line` is the decisive line; None where there is none (an empty log, a boot cut short)."""

    outcome: Outcome
    title: str
    cause: str
    """One sentence: the title, and what it means for this boot."""
    line: int | None
    evidence: tuple[str, ...]
    milestones: tuple[Milestone, ...]
    warnings: tuple[Finding, ...]
    trace: Trace | None = None
    boots: tuple[Boot, ...] = ()
    """All boots in the log; `decided` is the index of the one that decides."""
    decided: int = 0
    note: str = ""
    """What is special about the input: empty, compressed, not text."""
