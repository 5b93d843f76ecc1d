"""The pytest door, without a boot: what is collected, how mistakes are told, and what is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MATRIX = "axes: {target: [raspi3b, raspi2b, x86_64-cloud-kvm]}\nsuites: {quick: [raspi3b, raspi2b], nightly: ['*']}\n"


def pytest_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """pytest in a project of its own, with the plugin as an installation would have it."""
    installed = [entry.value for entry in entry_points(group="pytest11") if entry.name == "bootmatrix"]
    plugin = () if installed else ("-p", "harness.plugin")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def collected(folder: Path, *words: str) -> set[str]:
    """Names of the items that would run."""
    answer = pytest_in(folder, "--collect-only", "-q", "--strict-markers", *words)
    return {line.split("::")[1].split(".")[0] for line in answer.stdout.splitlines() if "::" in line}


def test_cells_are_items_with_their_markers(tmp_path: Path) -> None:
    (tmp_path / "matrix.yml").write_text(MATRIX)
    assert collected(tmp_path) == {"raspi3b", "raspi2b"}
    assert collected(tmp_path, "-m", "arm64") == {"raspi3b"}
    assert collected(tmp_path, "-m", "iot and not arm64") == {"raspi2b"}
    assert collected(tmp_path, "--suite", "nightly") == {"raspi3b", "raspi2b", "x86_64-cloud-kvm"}
    assert collected(tmp_path, "-m", "nightly and cloud") == {"x86_64-cloud-kvm"}


def test_a_wrong_matrix_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "matrix.yml").write_text("axes: {target: [raspi3]}\n")
    answer = pytest_in(tmp_path)
    assert answer.returncode == 2
    assert "matrix.yml:1" in answer.stdout
    assert "did you mean 'raspi3b'?" in answer.stdout
    assert "Traceback" not in answer.stdout


def test_a_project_without_cells_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_one():\n    pass\n")
    answer = pytest_in(tmp_path, "-n", "2", "-q")
    assert answer.returncode == 0, answer.stdout
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {"test_one.py"}


def test_a_machine_without_its_cell_is_told_how(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_one(machine):\n    pass\n")
    answer = pytest_in(tmp_path)
    assert answer.returncode != 0
    assert "@pytest.mark.cell(NAME)" in answer.stdout
