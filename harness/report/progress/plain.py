"""Progress in a log: one line an event, led by its cell, so that cells that run together can be told apart."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from harness.report.progress import Phase
from harness.report.progress.wording import verdict_line
from harness.report.results import CellRecord
from harness.report.text import LINE, NAME, SENTENCE, clean
from harness.words import Reached


class PlainProgress:
    """Writes and flushes a line an event of interest: a phase begun, a milestone, a verdict, a note."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._phases: dict[str, str] = {}
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def expect(self, cell: str, milestones: Sequence[str]) -> None:
        """A log shows what has happened, not what is due."""

    def phase(self, cell: str, phase: Phase, detail: str = "") -> None:
        """A line when `cell` enters `phase`; waiting, and details that follow, are noise in a log."""
        with self._lock:
            new = self._phases.get(cell) != phase
            self._phases[cell] = phase
        if new and phase != "waiting":
            self._line(f"{clean(cell, NAME)}: {phase} {clean(detail, LINE)}".rstrip())

    def milestone(self, cell: str, reached: Reached) -> None:
        """A line with the milestone and its time."""
        self._line(f"{clean(cell, NAME)}: {clean(reached.name, NAME)} {reached.at:.2f} s")

    def done(self, cell: str, record: CellRecord) -> None:
        """A line with the verdict, in capitals to be found by eye unless it is a pass."""
        verdict = record.verdict.value if record.verdict.value == "pass" else record.verdict.value.upper()
        with self._lock:
            self._phases.pop(cell, None)
        self._line(f"{clean(cell, NAME)}: {verdict} {verdict_line(record)}".rstrip())

    def note(self, text: str) -> None:
        """A line of its own."""
        self._line(clean(text, SENTENCE))

    def _line(self, line: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        line = line.encode(encoding, "replace").decode(encoding)
        with self._lock:
            if self._closed:
                return
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                # `bootmatrix run | head` has ended its reader; the run and its records are still wanted.
                self._closed = True
