"""A cell that firmware starts from an ISO, and one from a disk: every milestone, as when it is handed its kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.boot.conftest import Ended


@pytest.mark.parametrize(("target", "media"), [("x86_64-baremetal-bios", "disk"), ("arm64-baremetal-uefi", "iso")])
def test_a_cell_on_a_medium(target: str, media: str, bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    matrix = tmp_path / "matrix.yml"
    matrix.write_text(f"axes: {{target: [{target}], image: [minimal], media: [{media}]}}\n")
    ended = bootmatrix("run", "--matrix", str(matrix))
    assert ended.status == 0, ended.stdout
    assert ended.cell["media"] == media
    names = [step["name"] for step in ended.cell["milestones"]]
    assert names.index("firmware") < names.index("kernel") < names.index("init")
    assert names[-1] == "poweroff"
    assert "-kernel" not in ended.cell["command"].split()
