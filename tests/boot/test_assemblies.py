"""Components in a guest: those that no reference assembly has, and what runtime.json may ask for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.boot.conftest import Ended

IMAGES = Path(__file__).resolve().parent / "images"


@pytest.mark.parametrize("target", ["x86_64-cloud-kvm", "arm64-cloud-virt"])
def test_components(target: str, tmp_path: Path, bootmatrix: Callable[..., Ended]) -> None:
    """Every check of its cell.yml is a milestone; a milestone that is missing fails the cell."""
    shutil.copytree(IMAGES, tmp_path / "images")
    (tmp_path / "matrix.yml").write_text(f"axes: {{target: [{target}], image: [parts]}}\n")
    ended = bootmatrix("run", "--matrix", str(tmp_path / "matrix.yml"))
    cell = ended.cell
    assert cell["verdict"] == "pass", cell["cause"]
    reached = {step["name"] for step in cell["milestones"]}
    network = {"interfaces", "peer", "peer-alone", "namespace"}
    rest = {"made-folder", "cgroup", "volume", "other", "mount", "kernel-log", "onshutdown:last"}
    assert network | rest <= reached
