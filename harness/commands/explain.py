"""`bootmatrix explain CELL|RUN`: why a boot failed, on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.commands.run import REPORTS
from harness.errors import InputError
from harness.report.explain import CONSOLE_LINES, explain
from harness.report.files import console_tail
from harness.report.results import FILENAME, CellRecord, RunRecord, read
from harness.report.text import NAME, clean
from harness.words import Verdict

GOOD = frozenset({Verdict.PASS, Verdict.SKIP})


def explain_command(name: str, reports: Path = REPORTS) -> int:
    """Tell of the cells of a run that did not pass, or of one cell (or target) in the newest run that has it.

    Raises InputError where there is no such run or cell.
    """
    run_dir, cells = _wanted(name, reports)
    if not cells:
        print("every cell passed")
    for number, cell in enumerate(cells):
        if number:
            print()
        print(explain(cell, console_tail(run_dir, cell.console, CONSOLE_LINES), run_dir))
    return 0


def _wanted(name: str, reports: Path) -> tuple[Path, list[CellRecord]]:
    for run_dir in (Path(name), reports / name):
        if (run_dir / FILENAME).is_file():
            return run_dir, [cell for cell in read(run_dir).cells if cell.verdict not in GOOD]
    for run_dir, record in _newest_first(reports):
        cells = [cell for cell in record.cells if name in (cell.cell, cell.target)]
        if cells:
            return run_dir, cells
    raise InputError(
        f"'{clean(name, NAME)}' is neither the folder of a run nor a cell of a run below {reports}/",
        hint="bootmatrix list prints the cells",
    )


def _newest_first(reports: Path) -> Iterator[tuple[Path, RunRecord]]:
    """The runs below a folder; those that are damaged or foreign are passed over."""
    found = []
    for file in reports.glob(f"*/{FILENAME}"):
        try:
            found.append((file.stat().st_mtime_ns, file.parent))
        except OSError:
            continue
    for _, run_dir in sorted(found, reverse=True):
        try:
            yield run_dir, read(run_dir)
        except InputError:
            continue
