"""The words that both kinds of progress use, of cleaned text."""

from __future__ import annotations

from harness.report.results import CellRecord
from harness.words import Verdict


def verdict_line(record: CellRecord) -> str:
    """`ready 1.4 s` or `kernel-panic 2.1 s, Kernel panic - ...`: what follows a cell's verdict in one line."""
    words = [record.outcome.value] if record.outcome else []
    if record.attempts:
        words.append(f"{record.durations.boot:.1f} s")
    # A pass needs no explanation in one line; a flaky one does.
    cause = record.cause if record.verdict is not Verdict.PASS else None
    return ", ".join(part for part in (" ".join(words), cause) if part)
