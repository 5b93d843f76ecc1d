"""Progress of a run for the people who watch it: what the runner calls, and which of the two ways shows it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Literal, Protocol, Self, TextIO

from harness.report.results import CellRecord
from harness.words import Reached

Phase = Literal["waiting", "build", "boot", "teardown"]


class Progress(Protocol):
    """Told what happens, from any thread; shows it while entered as a context.

    No call waits for a terminal's rendering, and none raises because nobody reads the output any more.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def expect(self, cell: str, milestones: Sequence[str]) -> None:
        """The milestones that `cell` must reach, in order. Optional: with it, the next one due is shown."""

    def phase(self, cell: str, phase: Phase, detail: str = "") -> None:
        """`cell` has entered `phase`, or, in the same phase, has a new `detail`."""

    def milestone(self, cell: str, reached: Reached) -> None:
        """`cell` has reached a milestone."""

    def done(self, cell: str, record: CellRecord) -> None:
        """`cell` is judged."""

    def note(self, text: str) -> None:
        """Something about the run as a whole."""


def make_progress(stream: TextIO, environ: Mapping[str, str] = os.environ) -> Progress:
    """Live rows if `stream` is a terminal that can move its cursor, else one plain line an event."""
    if stream.isatty() and environ.get("TERM", "dumb") != "dumb":
        from harness.report.progress.live import RichProgress

        return RichProgress(stream)
    from harness.report.progress.plain import PlainProgress

    return PlainProgress(stream)
