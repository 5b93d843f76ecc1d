"""What preflight finds: one thing that keeps a boot from its last milestone, or may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.words import Outcome


class Level(StrEnum):
    """An error is certain: the boot, or a milestone of its target, would fail. Everything less is a warning."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """`symbol` has its CONFIG_ prefix; `predicts` is the outcome of the boot, where it is certain too."""

    level: Level
    what: str  # "CONFIG_SERIAL_8250_CONSOLE is not set"
    why: str  # "console=ttyS0 would show nothing"
    symbol: str | None = None
    hint: str | None = None
    predicts: Outcome | None = None
    cause: str = ""  # the name it has as the cause of a boot that failed; empty where it is none by itself

    def __str__(self) -> str:
        told = f" ({self.predicts})" if self.predicts and self.level is Level.ERROR else ""
        return f"{self.what}: {self.why}{told}" + (f"; {self.hint}" if self.hint else "")


def errors(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those for which nothing need be started."""
    return tuple(finding for finding in findings if finding.level is Level.ERROR)
