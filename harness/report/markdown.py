"""summary.md: the run on one page, for a CI job's summary or a mail. What failed is told in full, what passed in a row.

Text of guests and of other people's files is escaped in the table and otherwise stands in code spans and fences, which
nothing inside them can end.
"""

from __future__ import annotations

import re
from pathlib import Path

from harness.report.files import console_tail
from harness.report.results import CellRecord, RunRecord
from harness.words import Verdict

FILENAME = "summary.md"
_TAIL = 20
# What opens markup, a table's cell or a link inside a line. An underscore inside a word (x86_64) opens nothing.
_ACTIVE = re.compile(r"([\\`*\[\]<>|~&@]|:(?=//)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")


def render(record: RunRecord, run_dir: Path) -> str:
    """summary.md of `record`; the console tails are read from the logs in `run_dir`."""
    parts = [f"# bootmatrix {plain(record.run)}", counts(record), _table(record.cells), _host(record)]
    told = (Verdict.FAIL, Verdict.ERROR, Verdict.FLAKY)
    for verdict in told:
        parts += [_story(cell, run_dir) for cell in record.cells if cell.verdict is verdict]
    parts.append(_preflight(record.cells))
    return "\n\n".join(part for part in parts if part) + "\n"


def _preflight(cells: tuple[CellRecord, ...]) -> str:
    """Each finding once, with the cells it was made for; a boot's own story does not tell them."""
    where: dict[str, list[str]] = {}
    for cell in cells:
        for found in cell.preflight:
            where.setdefault(f"{found.level}: {found.what}: {found.why}", []).append(cell.cell)
    if not where:
        return ""
    lines = [f"- {code(text)} ({', '.join(code(name) for name in names)})" for text, names in where.items()]
    return "\n".join(["## Preflight", "", *lines])


def counts(record: RunRecord) -> str:
    """One sentence: `12 cells in 84.2 s: 11 pass, 1 fail`."""
    numbers = {verdict: sum(cell.verdict is verdict for cell in record.cells) for verdict in Verdict}
    told = ", ".join(f"{number} {verdict}" for verdict, number in numbers.items() if number) or "none"
    cells = "1 cell" if len(record.cells) == 1 else f"{len(record.cells)} cells"
    stopped = " (interrupted)" if record.interrupted else ""
    return f"{cells} in {record.seconds:.1f} s{stopped}: {told}"


def plain(text: str) -> str:
    """Cleaned `text` as Markdown that shows it as it is, also in a cell of a table."""
    return _ACTIVE.sub(r"\\\1", text)


def code(text: str) -> str:
    """Cleaned `text` as a code span."""
    ticks = "`" * (_longest_ticks(text) + 1)
    # A space at either end keeps the ticks of the text apart from those of the span, and is not shown.
    pad = " " if text[:1] in ("`", " ", "") or text[-1:] in ("`", " ") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fence(lines: list[str], language: str) -> str:
    """Cleaned `lines` as a fenced block of code."""
    ticks = "`" * max(3, *(_longest_ticks(line) + 1 for line in lines), 3)
    return "\n".join([ticks + language, *lines, ticks])


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _table(cells: tuple[CellRecord, ...]) -> str:
    from tabulate import tabulate

    if not cells:
        return ""
    rows = [
        [
            plain(cell.cell),
            cell.verdict.value,
            cell.outcome.value if cell.outcome else "",
            plain(cell.milestones[-1].name) if cell.milestones else "",
            f"{cell.durations.boot:.1f}" if cell.attempts else "",
        ]
        for cell in cells
    ]
    headers = ["cell", "verdict", "outcome", "last milestone", "boot (s)"]
    align = ("left", "left", "left", "left", "right")
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True, colalign=align)


def _host(record: RunRecord) -> str:
    host = record.host
    lines = [f"Host: {plain(f'{host.machine}, Linux {host.kernel}, {host.cpus} CPUs, {host.memory_mib} MiB')}"]
    lines += [f"- {arch}: {plain(f'{acc.name} ({acc.reason})')}" for arch, acc in host.accelerator.items()]
    return "\n".join([lines[0], "", *lines[1:]]) if lines[1:] else lines[0]


def _story(cell: CellRecord, run_dir: Path) -> str:
    outcome = f" ({cell.outcome})" if cell.outcome else ""
    parts = [f"## {cell.verdict}: {code(cell.cell)}{outcome}"]
    facts = [f"- cause: {code(cell.cause)}"] if cell.cause else []
    if cell.diagnosis:
        facts += [f"- evidence: {code(line)}" for line in cell.diagnosis.evidence]
        facts.append(f"- what to do: {code(cell.diagnosis.next)}")
    reached = ", ".join(f"{code(mark.name)} {mark.at:.1f} s" for mark in cell.milestones)
    facts.append(f"- reached: {reached or 'nothing'}")
    if cell.missing:
        facts.append(f"- missing: {', '.join(code(name) for name in cell.missing)}")
    for number, attempt in enumerate(cell.earlier, 1):
        what = attempt.outcome or attempt.verdict
        facts.append(f"- attempt {number}: {what}" + (f", {code(attempt.cause)}" if attempt.cause else ""))
    parts.append("\n".join(facts))
    # For a flaky cell the boot worth reading is the one that failed.
    failed = [attempt.console for attempt in cell.attempts if attempt.verdict is not Verdict.PASS]
    console = failed[-1] if cell.verdict is Verdict.FLAKY and failed else cell.console
    if tail := console_tail(run_dir, console, _TAIL):
        parts.append("The end of its console:\n\n" + fence(tail, "text"))
    if cell.command:
        parts.append("To boot it by hand:\n\n" + fence([cell.command], "sh"))
    return "\n\n".join(parts)
