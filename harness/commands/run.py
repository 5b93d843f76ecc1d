"""`bootmatrix run` and `bootmatrix boot`: build, boot, judge, and write the records."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.commands.project import Selection, warn
from harness.machine.board.binding import BoundLab
from harness.machine.board.load import find_lab, load_lab
from harness.plan.catalog import Catalog
from harness.plan.cells import find_matrix
from harness.report.progress import make_progress
from harness.report.results import RunRecord, exit_status
from harness.run.cellwork import CellWork
from harness.run.foreign import Foreign, ForeignWork
from harness.run.kernelchoice import KernelChoice
from harness.run.runner import Options, chosen_run_dir, new_run_dir, run_works
from harness.run.work import Work
from harness.store import Store

REPORTS = Path("reports")


@dataclass(frozen=True, slots=True)
class Output:
    """Where a run's records go, and what is printed at its end."""

    out: Path | None = None
    as_json: bool = False
    jobs: int | None = None
    preflight: bool = True  # refuse what preflight is certain would fail

    def folder(self) -> Path:
        """The run's folder, made now."""
        path = chosen_run_dir(self.out) if self.out else new_run_dir(REPORTS)
        return path.resolve()


def run(
    selection: Selection,
    output: Output,
    *,
    kernel: str | None = None,
    source: str | None = None,
    lab: Path | None = None,
) -> int:
    """Run the selected cells; returns the exit status."""
    plan, cells = selection.cells()
    bound = load_lab(find_lab(lab, plan.matrix.parent), plan.catalog)
    store = Store()
    choice = KernelChoice.of(kernel)
    choice.check({cell.target.arch for cell in cells})
    works = [
        CellWork(cell, store, kernel=choice.file, source=source, board=bound.board_for(cell.target.name))
        for cell in choice.applied(cells)
    ]
    return execute(works, output, store, bound)


def boot(target_name: str, foreign: Foreign, output: Output, *, matrix: Path | None = None) -> int:
    """Boot somebody else's image on a target; returns the exit status."""
    store = Store()
    catalog = Catalog(find_matrix(matrix).parent)
    return execute(
        [ForeignWork(catalog.target(target_name), foreign, store, insists=not output.preflight)],
        output,
        store,
        BoundLab(),
    )


def execute(works: Sequence[Work], output: Output, store: Store, lab: BoundLab) -> int:
    """Run the works and report."""
    run_dir = output.folder()
    with make_progress(sys.stderr) as progress:
        record = run_works(works, Options(run_dir, output.jobs, lab, output.preflight), store, progress)
    return report(record, run_dir, as_json=output.as_json)


def report(record: RunRecord, run_dir: Path, *, as_json: bool) -> int:
    """Write every report of the run, print the table (or the record), and say what the command ends with."""
    from harness.report.reports import write_all
    from harness.report.table import print_table

    write_all(run_dir, record)
    if as_json:
        print(record.model_dump_json(indent=1))
    else:
        print_table(record, sys.stdout)
    warn(f"records: {run_dir}")
    return exit_status(record)
