"""Planning grows with the number of cells, not with its square."""

from __future__ import annotations

import gc
import time

from harness.plan.cells import plan
from harness.plan.select import select

from .conftest import World


def seconds(world: World, folder: str, targets: int) -> float:
    """The best of three plans of `targets` x 10 images x 2 kernels, with the default choice of cells."""
    for n in range(targets):
        name = f"t{n:03}"
        world.write(f"{folder}/targets/{name}/target.yml", "extends: board\ndrivers: [virtio_pci, virtio_blk]\n")
    for n in range(10):
        world.write(f"{folder}/images/i{n}.yml", "init: []\n")
    matrix = world.write(
        f"{folder}/matrix.yml",
        "axes: {target: ['t*'], image: ['i*'], kernel: [distro, matched]}\n"
        "exclude: [{target: t000, image: i9, kernel: matched}]\n"
        "suites: {quick: [{expr: iot and i0 and not matched}], nightly: ['*'], odd: ['t*[13579].*']}\n",
    )
    best = float("inf")
    for _ in range(3):
        gc.collect()
        begin = time.process_time()
        made = plan(matrix)
        chosen = select(made, names=["t00*"], expr="iot and not matched")
        best = min(best, time.process_time() - begin)
        assert len(made.cells) == targets * 20 - 1
        assert len(chosen) == 100
    return best


def test_ten_thousand_cells(world: World) -> None:
    small, large = seconds(world, "small", 50), seconds(world, "large", 500)
    print(f"plan and select: {small:.3f} s for 1,000 cells, {large:.3f} s for 10,000 ({large / small:.1f} x)")
    # Ten times the cells may cost ten times as much; anything quadratic would cost a hundred times.
    assert large < 30 * small
