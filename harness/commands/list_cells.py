"""`bootmatrix list`: the cells there are."""

from __future__ import annotations

import json
import sys

from harness.commands.project import Selection


def list_cells(selection: Selection, *, as_json: bool) -> int:
    """Print the cells, as a table or as JSON."""
    _, cells = selection.cells(default_suite=None)
    if as_json:
        json.dump([cell.as_json() for cell in cells], sys.stdout, indent=1)
        sys.stdout.write("\n")
        return 0
    from tabulate import tabulate

    rows = [
        [cell.id, cell.target.arch.value, cell.target.class_.value, cell.target.machine.type, ", ".join(cell.suites)]
        for cell in cells
    ]
    print(tabulate(rows, headers=["cell", "arch", "class", "machine", "suites"], tablefmt="simple"))
    print(f"{len(cells)} cells")
    return 0
