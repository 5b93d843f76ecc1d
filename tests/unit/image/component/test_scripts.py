"""The scripts of the component library, looked at by the shell's own linter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.image.recipe import COMPONENTS

SCRIPTS = sorted(
    path
    for path in COMPONENTS.glob("*/*")
    if path.is_file() and path.read_bytes().startswith((b"#!/bin/sh", b"# shellcheck shell=sh"))
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_shellcheck(script: Path) -> None:
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    shellcheck = shutil.which("shellcheck", path=here)
    assert shellcheck, "shellcheck is missing: pip install -e '.[test]', or install the system's package"
    done = subprocess.run(
        [shellcheck, "--shell", "sh", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout
