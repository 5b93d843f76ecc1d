"""Real boots. The command is run as its users run it: in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """A command that has ended, and the record it left."""

    status: int
    stdout: str
    stderr: str
    run_dir: Path

    @property
    def record(self) -> dict[str, Any]:
        """results.json."""
        return dict(json.loads((self.run_dir / "results.json").read_text()))

    @property
    def cell(self) -> dict[str, Any]:
        """The only cell of the run."""
        (cell,) = self.record["cells"]
        return dict(cell)


def bootmatrix_argv(*words: str) -> list[str]:
    """The command of the environment that runs the tests."""
    command = shutil.which("bootmatrix", path=str(Path(sys.executable).parent))
    return [*([command] if command else [sys.executable, "-c", "from harness.cli import main; main()"]), *words]


@pytest.fixture
def bootmatrix(tmp_path: Path) -> Callable[..., Ended]:
    """Run `bootmatrix WORDS... --out <fresh folder>` in the checkout and wait for its end."""

    def run(*words: str, cwd: Path = ROOT, **environment: str) -> Ended:
        out = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        done = subprocess.run(
            bootmatrix_argv(*words, "--out", str(out)),
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr, out)

    return run
