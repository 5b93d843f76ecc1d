"""A board in the place of QEMU, for what only a board has: a serial cable that can be pulled out."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.machine.board.binding import BoundBoard, BoundLab
from harness.machine.board.lab import Board
from tests.boot import powerswitch
from tests.boot.serialadapter import SerialAdapter
from tests.faults.corpus.fault import Scene

_SWITCH = Path(powerswitch.__file__)


@contextlib.contextmanager
def lab_of(scene: Scene, folder: Path) -> Iterator[BoundLab | None]:
    """The lab of a scene that has a board, with what is broken about it; None for one that has none."""
    if not scene.board:
        yield None
        return
    adapter = SerialAdapter(folder, until=scene.board.encode())
    switch = [sys.executable, str(_SWITCH)]
    board = Board.model_validate(
        {
            "target": scene.cell.target.name,
            "console": adapter.tty,
            "power": {"on": [*switch, "on", str(folder)], "off": [*switch, "off", str(folder)]},
        }
    )
    name = scene.cell.target.name
    try:
        yield BoundLab({name: BoundBoard("desk-1", board, folder)})
    finally:
        adapter.close()
