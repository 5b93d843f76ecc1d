"""What the engine boots: something that can be built into media, and that knows its own milestones.

Two makers: a cell of the matrix (`cellwork`), and an image that somebody brings along (`foreign`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.boot.checks.check import Check
from harness.boot.ladder import Rung
from harness.boot.preamble import Preamble
from harness.machine.qemu.argv import Media
from harness.plan.matrix import Retry
from harness.plan.target import Target
from harness.preflight.facts import Facts
from harness.preflight.finding import Finding

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Built, and ready to be put into a machine. `artefacts` is for the record: what was booted, by name."""

    media: Media
    rungs: Callable[[bool], Sequence[Rung]]  # argument: whether the machine can be asked (QMP)
    preamble: Preamble | None = None
    release: str | None = None
    ends_at_ready: bool = False
    checks: Sequence[Check] = ()
    key: Path | None = None  # for checks that log in
    farewell: str = "poweroff -f"
    system_map: Path | None = None  # of the kernel that is booted, where it is known
    artefacts: dict[str, str] = field(default_factory=dict)
    facts: Facts | None = None  # None where nothing is known of what is booted: an ISO, a disk
    findings: tuple[Finding, ...] = ()  # of preflight; an error among them is no reason to build nothing


class Work(Protocol):
    """One boot to be done and judged."""

    @property
    def id(self) -> str:
        """The cell's name; safe as a file name."""

    @property
    def target(self) -> Target: ...

    @property
    def axes(self) -> tuple[str, str, str]:
        """Image, kernel and media, as the record names them."""

    @property
    def retry(self) -> Retry: ...

    @property
    def deadline(self) -> float:
        """Seconds of the machine's own time to the last milestone."""

    def prepare(self, folder: Path, say: Say) -> Prepared:
        """Build what is missing; files that the machine may write to go to `folder`. Runs in a thread.

        Raises InputError and HostError; a full disk is a HostError too.
        """
