"""The table at the end of a run in the terminal: what failed stands last, next to the prompt."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import TextIO

from harness.report.markdown import counts
from harness.report.results import AcceleratorRecord, CellRecord, RunRecord
from harness.report.text import fit, width
from harness.words import Verdict

_ORDER = (Verdict.SKIP, Verdict.PASS, Verdict.FLAKY, Verdict.ERROR, Verdict.FAIL)
_COLOUR = {Verdict.PASS: "32", Verdict.FLAKY: "33", Verdict.ERROR: "35", Verdict.FAIL: "31", Verdict.SKIP: "2"}
_HEADERS = ("cell", "verdict", "outcome", "reached", "boot s")
# Narrower than this a cause says nothing, and goes below the table instead.
_CAUSE = 24
_GAP = 2
# tabulate makes a column at least so much wider than its header.
_PADDING = 2
_NAME = 12
_LEAST_COLUMNS = 56
# A log is not cut to a terminal's width, but not endless either.
_LOG_COLUMNS = 240


def print_table(record: RunRecord, stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
    """Print the table of `record`, as wide as the terminal; in colour only on one, and not if NO_COLOR is set."""
    terminal = stream.isatty()
    columns = shutil.get_terminal_size().columns if terminal else _LOG_COLUMNS
    colour = terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    text = table(record, columns, colour=colour)
    # Under LC_ALL=C the terminal takes no more than ASCII, and a report must not die of it.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()


def table(record: RunRecord, columns: int, *, colour: bool = False) -> str:
    """The table of `record`, no line wider than `columns` (56 at least), the accelerators below it, the counts last."""
    columns = max(columns, _LEAST_COLUMNS)
    # sorted() is stable: cells of one verdict stay in the order of the matrix.
    cells = sorted(record.cells, key=lambda cell: _ORDER.index(cell.verdict))
    rows = _fitted([_row(cell) for cell in cells], columns)
    room = columns - sum(_widths(rows)) - _GAP * len(_HEADERS)
    causes = [cell.cause if cell.cause and cell.verdict is not Verdict.PASS else "" for cell in cells]
    headers = list(_HEADERS)
    below: list[str] = []
    if not any(causes):
        pass
    elif room >= _CAUSE:
        headers.append("cause")
        rows = [[*row, fit(cause, room)] for row, cause in zip(rows, causes, strict=True)]
    else:
        named = [(fit(cell.cell, columns // 2), cause) for cell, cause in zip(cells, causes, strict=True) if cause]
        below = [fit(f"{name}: {cause}", columns) for name, cause in named]
    if colour:
        for row, cell in zip(rows, cells, strict=True):
            row[1] = f"\x1b[{_COLOUR[cell.verdict]}m{row[1]}\x1b[0m"
    parts = [_tabulate(rows, headers), *below, *(fit(line, columns) for line in _accelerators(record))]
    return "\n".join([*parts, fit(counts(record), columns)])


def _row(cell: CellRecord) -> list[str]:
    last = cell.milestones[-1].name if cell.milestones else "-"
    boot = f"{cell.durations.boot:.1f}" if cell.attempts else "-"
    return [cell.cell, cell.verdict.value, cell.outcome.value if cell.outcome else "-", last, boot]


def _widths(rows: list[list[str]]) -> list[int]:
    columns = zip(*rows, strict=True) if rows else ((),) * len(_HEADERS)
    return [
        max(width(header) + _PADDING, *map(width, column), 0) for header, column in zip(_HEADERS, columns, strict=True)
    ]


def _fitted(rows: list[list[str]], columns: int) -> list[list[str]]:
    """`rows` with the names of cells and milestones cut so that the table fits into `columns`."""
    for column, least in ((3, _NAME), (0, _NAME), (2, 5), (3, 3), (0, 3)):
        widths = _widths(rows)
        excess = sum(widths) + _GAP * (len(widths) - 1) - columns
        if excess > 0:
            limit = max(widths[column] - excess, least, len(_HEADERS[column]) + _PADDING)
            rows = [[*row[:column], fit(row[column], limit), *row[column + 1 :]] for row in rows]
    return rows


def _tabulate(rows: list[list[str]], headers: list[str]) -> str:
    from tabulate import tabulate

    align = ("left", "left", "left", "left", "right", "left")[: len(headers)]
    text = tabulate(rows, headers, tablefmt="simple", disable_numparse=True, colalign=align if rows else None)
    return "\n".join(line.rstrip() for line in text.splitlines())


def _accelerators(record: RunRecord) -> list[str]:
    """One line for each way QEMU ran: `accelerator tcg (no /dev/kvm): x86_64, arm64`."""
    arches: dict[AcceleratorRecord, list[str]] = {}
    for arch, accelerator in record.host.accelerator.items():
        arches.setdefault(accelerator, []).append(arch.value)
    lines = []
    for accelerator, names in arches.items():
        reason = f" ({accelerator.reason})" if accelerator.reason else ""
        lines.append(f"accelerator {accelerator.name} for {', '.join(names)}{reason}")
    return lines
