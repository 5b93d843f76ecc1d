"""What most commands start with: the plan in use, the lab, the store, and somewhere to tell of progress."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.plan.cells import Cell, Plan, plan
from harness.plan.matrix import QUICK
from harness.plan.select import select


@dataclass(frozen=True, slots=True)
class Selection:
    """Which cells a command line names."""

    names: Sequence[str] = ()
    expression: str | None = None
    suite: str | None = None
    matrix: Path | None = None

    def cells(self, *, default_suite: str | None = QUICK) -> tuple[Plan, list[Cell]]:
        """The plan, and the cells meant. Raises InputError."""
        found = plan(self.matrix)
        return found, select(found, self.names, self.expression, self.suite, default_suite)


def warn(text: str) -> None:
    """A line for people, apart from what a command prints for programs."""
    print(text, file=sys.stderr, flush=True)
