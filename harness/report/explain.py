"""The story of one cell on one screen: what was reached, what did not come, why, and how to see it again. Pure text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.report.reason import listed, reason
from harness.report.results import CellRecord, ForensicsRecord
from harness.report.text import SENTENCE, clean
from harness.words import Verdict

CONSOLE_LINES = 6
LOG_LINES = 6
CPUS = 4  # more say the same


def explain(cell: CellRecord, console: Sequence[str], run_dir: Path) -> str:
    """`console` holds the last lines of the cell's console log, `run_dir` is where its files are.

    All text is clean: it comes out of a record.
    """
    return "\n".join(_story(cell, console, run_dir))


def _story(cell: CellRecord, console: Sequence[str], run_dir: Path) -> Iterator[str]:
    yield f"{cell.cell}: {cell.verdict}" + (f", {cell.outcome}" if cell.outcome else "")
    if cell.milestones:
        yield "reached:   " + ", ".join(f"{step.name} {step.at:.1f} s" for step in cell.milestones)
    else:
        yield "reached:   nothing"
    if cell.missing:
        yield f"next:      {cell.missing[0]}, which never came"
    if cell.diagnosis:
        yield from reason(cell.diagnosis)
        if not cell.attempts:
            yield f"not tried: {cell.cause}"
    elif cell.cause:
        yield f"cause:     {cell.cause}"
    yield from listed("units:    ", [f"failed: {unit}" for unit in cell.failed_units])
    for finding in cell.preflight:
        yield f"preflight: {finding.what}: {finding.why}"
    if cell.verdict not in (Verdict.PASS, Verdict.SKIP):
        yield from listed("console:  ", list(console)[-CONSOLE_LINES:])
    if cell.forensics:
        yield from _stuck(cell.forensics)
    if cell.screen:
        yield f"screen:    {clean(str(run_dir / cell.screen), SENTENCE)}"
    if cell.command:
        yield f"again:     {cell.command}"


def _stuck(found: ForensicsRecord) -> Iterator[str]:
    for number, cpu in enumerate(found.cpus[:CPUS]):
        yield f"CPU {number}:     {cpu}"
    if len(found.cpus) > CPUS:
        yield f"           and {len(found.cpus) - CPUS} CPUs more"
    if found.kernel_log:
        yield from listed("in memory:", list(found.kernel_log)[-LOG_LINES:])
    else:
        yield "in memory: no log of a kernel was found" + (", but not all of it was read" if found.truncated else "")
