"""`--kernel`: what it makes of the cells that were chosen."""

from __future__ import annotations

from harness.plan.cells import plan
from harness.plan.select import select
from harness.run.kernelchoice import KernelChoice
from tests.bench.floors import ROOT


def test_cells_that_differ_in_their_kernel_only_become_one() -> None:
    """Two works of one id would share a folder, and a run of them would never end."""
    cells = select(plan(ROOT), ["raspi3b.*"])
    assert {cell.kernel for cell in cells} == {"distro", "matched"}
    ids = [cell.id for cell in KernelChoice.of("matched").applied(cells)]
    assert len(set(ids)) == len(ids) < len(cells)
    assert {one.split(".")[2] for one in ids} == {"matched"}


def test_without_a_choice_every_cell_keeps_its_kernel() -> None:
    cells = select(plan(ROOT), ["raspi3b.*"])
    assert KernelChoice.of(None).applied(cells) == list(cells)
