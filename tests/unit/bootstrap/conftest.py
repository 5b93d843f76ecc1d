from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.bootstrap.stage import Stage, build


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A Debian 12 where all programs are there, but no virtual environment yet."""
    return build(tmp_path / "stage")


@pytest.fixture
def ready(stage: Stage) -> Stage:
    """The same after a first call: nothing is missing."""
    first = stage.run("first")
    assert first.returncode == 7, first.stderr
    stage.forget()
    return stage
