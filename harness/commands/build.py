"""`bootmatrix build`: make kernels and initrds, and boot nothing."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.commands.project import Selection, warn
from harness.errors import BootmatrixError
from harness.preflight.finding import errors
from harness.report.text import SENTENCE, clean
from harness.run.cellwork import CellWork
from harness.run.engine import BUILDERS
from harness.run.work import Prepared
from harness.store import Store


def build(selection: Selection, *, source: str | None = None) -> int:
    """Build the selected cells and print where their files are; a cell that fails does not stop the others.

    What preflight finds is printed with them; an error of its makes the exit status 1.
    """
    _, cells = selection.cells()
    store = Store()

    def prepare(work: CellWork) -> Prepared | BootmatrixError:
        with tempfile.TemporaryDirectory(prefix="bootmatrix-") as scratch:
            try:
                return work.prepare(Path(scratch), lambda text: warn(f"{work.id}: {text}"))
            except BootmatrixError as problem:
                return problem

    works = [CellWork(cell, store, source=source) for cell in cells]
    status = 0
    with ThreadPoolExecutor(BUILDERS) as pool:
        for work, made in zip(works, pool.map(prepare, works), strict=True):
            if isinstance(made, BootmatrixError):
                warn(f"{work.id}: {made}")
                status = max(status, made.exit_status)
                continue
            print(work.id)
            for name in ("kernel", "initrd", "dtb", "origin"):
                if name in made.artefacts:
                    print(f"  {name}: {made.artefacts[name]}")
            for finding in made.findings:
                print(f"  preflight: {finding.level}: {clean(str(finding), SENTENCE)}")
            if errors(made.findings):
                status = max(status, 1)
    return status
