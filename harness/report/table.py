"""The table at the end of a run in the terminal: what failed stands last, next to the prompt."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

from harness.report.markdown import counts
from harness.report.results import AcceleratorRecord, CellRecord, RunRecord
from harness.report.text import fit, width
from harness.words import Verdict

_ORDER = (Verdict.SKIP, Verdict.PASS, Verdict.FLAKY, Verdict.ERROR, Verdict.FAIL)
_COLOUR = {Verdict.PASS: "32", Verdict.FLAKY: "33", Verdict.ERROR: "35", Verdict.FAIL: "31", Verdict.SKIP: "2"}
# Narrower than this a cause says nothing, and goes below the table instead.
_CAUSE = 24
_GAP = 2
_LEAST_COLUMNS = 56
# A log is not cut to a terminal's width, but not endless either.
_LOG_COLUMNS = 240


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: its header, and what it says of a cell."""

    header: str
    text: Callable[[CellRecord], str]
    align: str = "left"


_Texts = dict[_Column, list[str]]


def _seconds_to(cell: CellRecord, milestone: str) -> str:
    return next((f"{reached.at:.1f}" for reached in cell.milestones if reached.name == milestone), "-")


_TARGET = _Column("target", lambda cell: cell.target)
_CELL = _Column("cell", lambda cell: cell.cell)
_ARCH = _Column("arch", lambda cell: cell.arch.value)
_KERNEL = _Column("kernel", lambda cell: cell.kernel)
_VERDICT = _Column("verdict", lambda cell: cell.verdict.value)
_OUTCOME = _Column("outcome", lambda cell: cell.outcome.value if cell.outcome else "-")
_REACHED = _Column("reached", lambda cell: cell.milestones[-1].name if cell.milestones else "-")
_INIT = _Column("init s", lambda cell: _seconds_to(cell, "init"), "right")
_BOOT = _Column("boot s", lambda cell: f"{cell.durations.boot:.1f}" if cell.attempts else "-", "right")


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
    name = _TARGET if _targets_name(cells) else _CELL
    shown = (name, _ARCH, _KERNEL, _VERDICT, _OUTCOME, _REACHED, _INIT, _BOOT)
    texts = _fitted({column: [column.text(cell) for cell in cells] for column in shown}, name, columns)
    room = columns - _total(texts) - _GAP
    causes = [cell.cause if cell.cause and cell.verdict is not Verdict.PASS else "" for cell in cells]
    below: list[str] = []
    if not any(causes):
        pass
    elif room >= _CAUSE:
        texts[_Column("cause", lambda cell: cell.cause or "")] = [fit(cause, room) for cause in causes]
    else:
        named = [(fit(cell.cell, columns // 2), cause) for cell, cause in zip(cells, causes, strict=True) if cause]
        below = [fit(f"{name}: {cause}", columns) for name, cause in named]
    below += [
        fit(f"{fit(cell.cell, columns // 2)}: failed units: {'; '.join(cell.failed_units)}", columns)
        for cell in cells
        if cell.failed_units
    ]
    rules = ["-" * _width(*item) for item in texts.items()]  # before colour, which takes no room
    if colour:
        texts[_VERDICT] = [f"\x1b[{_COLOUR[cell.verdict]}m{cell.verdict.value}\x1b[0m" for cell in cells]
    parts = [_tabulate(texts, rules), *below, *(fit(line, columns) for line in _accelerators(record))]
    return "\n".join([*parts, fit(counts(record), columns)])


def _targets_name(cells: list[CellRecord]) -> bool:
    """Whether target and kernel tell all rows apart, so that the long names of the cells are not needed."""
    return len({(cell.target, cell.kernel) for cell in cells}) == len(cells)


def _width(column: _Column, texts: list[str]) -> int:
    return max(map(width, (column.header, *texts)))


def _total(texts: _Texts) -> int:
    return sum(_width(*item) for item in texts.items()) + _GAP * (len(texts) - 1)


def _fitted(texts: _Texts, name: _Column, columns: int) -> _Texts:
    """`texts` with long ones cut, and after that without the least of the columns, so that they fit into `columns`."""
    fitted = dict(texts)
    for column, least in (
        (_REACHED, 12),
        (name, 16),
        (_REACHED, 3),
        (_OUTCOME, 5),
        (_KERNEL, 0),
        (_ARCH, 0),
        (name, 3),
    ):
        excess = _total(fitted) - columns
        if excess <= 0:
            break
        if least:
            limit = max(_width(column, fitted[column]) - excess, least, len(column.header))
            fitted[column] = [fit(text, limit) for text in fitted[column]]
        else:
            del fitted[column]
    return fitted


def _tabulate(texts: _Texts, rules: list[str]) -> str:
    from tabulate import tabulate

    # The headers go in as a row: given as headers, each would be made two columns wider than it is.
    rows = [[column.header for column in texts], rules, *zip(*texts.values(), strict=True)]
    text = tabulate(rows, tablefmt="plain", disable_numparse=True, colalign=[column.align for column in texts])
    return "\n".join(line.rstrip() for line in text.splitlines())


def _accelerators(record: RunRecord) -> list[str]:
    """One line for each way QEMU ran: `accelerator tcg (no /dev/kvm): x86_64, arm64`."""
    arches: dict[AcceleratorRecord, list[str]] = {}
    for arch, accelerator in record.host.accelerator.items():
        arches.setdefault(accelerator, []).append(arch.value)
    lines = []
    for cell in record.cells:  # a machine that needs KVM may have got it another way than its architecture
        if cell.accelerator and cell.accelerator != record.host.accelerator.get(cell.arch):
            arches.setdefault(cell.accelerator, []).append(cell.cell)
    for accelerator, names in arches.items():
        reason = f" ({accelerator.reason})" if accelerator.reason else ""
        lines.append(f"accelerator {accelerator.name} for {', '.join(names)}{reason}")
    return lines
