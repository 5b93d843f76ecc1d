"""Progress on a terminal: a row for each cell that is under way, and above them a line for each that is done.

The callers only note facts. One painter thread draws: when told of something, at most 20 times a second however much
happens, and twice a second for the clocks while a cell is under way; with nothing to show it sleeps.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.report.progress import Phase
from harness.report.progress.wording import verdict_line
from harness.report.results import CellRecord
from harness.report.text import LINE, NAME, SENTENCE, clean
from harness.words import Reached, Verdict

_CLOCK = 0.5
_COALESCE = 0.05
_STYLE = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.FLAKY: "yellow",
    Verdict.ERROR: "magenta",
    Verdict.SKIP: "dim",
}


class _Console(Console):
    """rich ends the program, and takes stdout away from it, when a pipe breaks; a run must go on and be recorded."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@dataclass(slots=True)
class _Row:
    """A cell under way; `since` is when its phase began, in seconds of the monotonic clock."""

    phase: str
    since: float
    detail: str = ""
    expected: tuple[str, ...] = ()
    reached: list[tuple[str, float]] = field(default_factory=list)


class RichProgress:
    """Live rows on the terminal `stream`; NO_COLOR is respected, and glyphs are ASCII where the encoding is not UTF."""

    def __init__(
        self,
        stream: TextIO,
        *,
        clock: Callable[[], float] = time.monotonic,
        width: int | None = None,
        height: int | None = None,
    ) -> None:
        # Names and console lines are data: no markup, emoji codes or numbers in colour of theirs.
        self._console = _Console(
            file=stream, force_terminal=True, markup=False, emoji=False, highlight=False, width=width, height=height
        )
        unicode = "utf" in self._console.encoding.lower()
        self._tick, self._due, self._more = ("✓", "◌", "…") if unicode else ("+", ".", "~")
        self._clock = clock
        self._rows: dict[str, _Row] = {}
        self._finished: deque[Text] = deque()
        self._wake = threading.Condition()
        self._dirty = False
        self._stopping = False
        self._live = Live(
            console=self._console,
            get_renderable=self._render,
            auto_refresh=False,
            transient=True,
            # Not rich's way to protect the rows: it would move what goes to stdout, such as --json, to this stream.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._painter = threading.Thread(target=self._paint, name="progress", daemon=True)

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError, ValueError):
            self._live.start()
        self._painter.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._painter.join()
        # A terminal that is gone is no reason to lose the run and its records.
        with contextlib.suppress(OSError, ValueError):
            self._live.stop()

    def expect(self, cell: str, milestones: Sequence[str]) -> None:
        """Keep the milestones that are due, to show the next one."""
        with self._wake:
            self._row(cell).expected = tuple(clean(name, NAME) for name in milestones)
            self._changed()

    def phase(self, cell: str, phase: Phase, detail: str = "") -> None:
        """Show `cell` in `phase`; a phase that begins again is a new attempt."""
        with self._wake:
            row = self._row(cell)
            if row.phase != phase:
                row.phase, row.since = phase, self._clock()
                if phase == "boot":
                    row.reached.clear()
            row.detail = clean(detail, LINE)
            self._changed()

    def milestone(self, cell: str, reached: Reached) -> None:
        """Tick a milestone off."""
        with self._wake:
            self._row(cell).reached.append((clean(reached.name, NAME), reached.at))
            self._changed()

    def done(self, cell: str, record: CellRecord) -> None:
        """Take the row away and print the verdict above."""
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{record.verdict.value:5}", _STYLE[record.verdict])
        line.append(f" {clean(cell, NAME)} {verdict_line(record)}".rstrip())
        with self._wake:
            self._rows.pop(cell, None)
            self._finished.append(line)
            self._changed()

    def note(self, text: str) -> None:
        """Print a line above the rows."""
        with self._wake:
            self._finished.append(Text(clean(text, SENTENCE), style="dim"))
            self._changed()

    def _row(self, cell: str) -> _Row:
        return self._rows.setdefault(cell, _Row("waiting", self._clock()))

    def _changed(self) -> None:
        self._dirty = True
        self._wake.notify()

    def _paint(self) -> None:
        """The painter thread. Its only waits are on the condition; a terminal that is gone ends it quietly."""
        try:
            while True:
                with self._wake:
                    self._wake.wait_for(lambda: self._dirty or self._stopping, _CLOCK if self._rows else None)
                    # Bursts (ten cells that start at once) become one picture.
                    self._wake.wait_for(lambda: self._stopping, _COALESCE)
                    self._dirty = False
                    stopping = self._stopping
                    finished = list(self._finished)
                    self._finished.clear()
                for line in finished:
                    self._console.print(line)
                if stopping:
                    return
                self._live.refresh()
        except (OSError, ValueError):
            return

    def _render(self) -> Table:
        """The rows as they stand, those that wait counted in one line, no more of them than the terminal is high."""
        with self._wake:
            shown = [(cell, row) for cell, row in self._rows.items() if row.phase != "waiting"]
            waiting = len(self._rows) - len(shown)
            room = max(self._console.size.height - 2, 1)
            hidden = len(shown) - room
            table = Table.grid(padding=(0, 1))
            for _ in range(3):
                table.add_column(no_wrap=True, overflow="ellipsis")
            table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
            for cell, row in shown[:room]:
                seconds = f"{self._clock() - row.since:4.0f}s"
                table.add_row(Text(clean(cell, NAME)), Text(row.phase, "cyan"), Text(seconds, "dim"), self._marks(row))
        if hidden > 0 or waiting:
            more = ", ".join(f"{n} {what}" for n, what in ((hidden, "more"), (waiting, "waiting")) if n > 0)
            table.add_row(Text(f"{self._more} {more}", "dim"))
        return table

    def _marks(self, row: _Row) -> Text:
        text = Text()
        for name, at in row.reached:
            text.append(f"{self._tick} ", "green").append(f"{name} ").append(f"{at:.1f}s  ", "dim")
        names = {name for name, _ in row.reached}
        due = next((name for name in row.expected if name not in names), "")
        if row.phase == "boot" and due:
            text.append(f"{self._due} {due}  ", "dim")
        return text.append(row.detail, "dim")
