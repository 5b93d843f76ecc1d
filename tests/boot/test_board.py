"""The seam between QEMU and real boards: the same cell, over a tty and a power switch, with no monitor to ask."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.boot.conftest import Ended
from tests.boot.serialadapter import SerialAdapter

CELL = "arm64-cloud-virt"
SWITCH = Path(__file__).with_name("powerswitch.py")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Path]:
    """A lab of one board that stands in for CELL; its lab.yml."""
    adapter = SerialAdapter(tmp_path)
    switch = [sys.executable, str(SWITCH)]
    boards = {
        "desk-1": {
            "target": CELL,
            "console": adapter.tty,
            "power": {"on": [*switch, "on", str(tmp_path)], "off": [*switch, "off", str(tmp_path)]},
        }
    }
    path = tmp_path / "lab.yml"
    path.write_text(json.dumps({"boards": boards}))  # JSON is YAML
    yield path
    adapter.close()


def test_a_cell_passes_over_a_tty_without_qmp(bootmatrix: Callable[..., Ended], lab: Path) -> None:
    ended = bootmatrix("run", CELL, "--lab", str(lab))
    assert ended.status == 0, ended.stderr
    cell = ended.cell
    assert (cell["verdict"], cell["outcome"], cell["machine"]) == ("pass", "ready", "desk-1")
    reached = [step["name"] for step in cell["milestones"]]
    assert reached == ["kernel", "init", "system", "drivers", "disk0", "network", "ready", "shell", "poweroff"]
    assert {step["source"] for step in cell["milestones"]} == {"console", "harness"}
    assert cell["accelerator"] is None
    assert not (lab.parent / "board.pid").exists(), "the board was left switched on"


def test_a_board_that_does_not_switch_on_is_an_error_of_the_lab(bootmatrix: Callable[..., Ended], lab: Path) -> None:
    described = json.loads(lab.read_text())
    described["boards"]["desk-1"]["power"]["on"] = ["/bin/false"]
    lab.write_text(json.dumps(described))
    ended = bootmatrix("run", CELL, "--lab", str(lab))
    assert ended.status == 3
    assert ended.cell["verdict"] == "error"
    assert "'/bin/false' ended with status 1" in ended.cell["cause"]
