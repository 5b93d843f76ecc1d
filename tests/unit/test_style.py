"""The checks that need no run of the program: lint, format, types, and the shell scripts' own linter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def check(*argv: str) -> None:
    """Run a checker in the checkout; what it prints is the failure's message."""
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(argv[:4])}\n{done.stdout}{done.stderr}", pytrace=False)


def test_ruff() -> None:
    check(sys.executable, "-m", "ruff", "check", "--output-format", "concise", "harness", "tests")


def test_format() -> None:
    check(sys.executable, "-m", "ruff", "format", "--check", "harness", "tests")


def test_types() -> None:
    check(sys.executable, "-m", "mypy", "--strict", "harness")


@pytest.mark.parametrize(("shell", "script"), [("sh", "bootmatrix"), ("bash", ".ci/run")])
def test_shell_syntax(shell: str, script: str) -> None:
    check(shell, "-n", script)


@pytest.mark.parametrize(("dialect", "script"), [("sh", "bootmatrix"), ("bash", ".ci/run")])
def test_shellcheck(dialect: str, script: str) -> None:
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    shellcheck = shutil.which("shellcheck", path=here)
    assert shellcheck, "shellcheck is missing: pip install -e '.[test]', or install the system's package"
    check(shellcheck, "--shell", dialect, script)


def test_files_are_small() -> None:
    """One idea a file: under 400 lines."""
    sources = [ROOT / "bootmatrix", *(ROOT / "harness").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    long = {str(path.relative_to(ROOT)): n for path in sources if (n := len(path.read_bytes().splitlines())) >= 400}
    assert not long
