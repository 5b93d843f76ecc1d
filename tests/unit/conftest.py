"""A tiny signed archive in place of Debian's: no network, the same apt."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.kernel.sources import Source
from harness.plan.target import Target
from harness.store import Store

ARCHIVE = Path(__file__).parent / "kernel" / "archive"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the archive that may be tampered with, and the only source there is."""
    copy = tmp_path / "archive"
    shutil.copytree(ARCHIVE, copy)
    sources = (Source(copy.as_uri(), "stable", copy / "key.gpg"),)
    monkeypatch.setattr("harness.kernel.aptroot.host_sources", lambda: sources)
    return copy


@pytest.fixture
def target() -> Callable[..., Target]:
    """Make a target for arm64 with some keys changed."""

    def make(**changes: Any) -> Target:
        data: dict[str, Any] = {
            "name": "board", "summary": "a board", "arch": "arm64", "class": "iot", "machine": {"type": "virt"},
            "console": {"device": "ttyAMA0"}, "kernel": {"package": "linux-image-arm64"},
        }  # fmt: skip
        return Target.model_validate(data | changes)

    return make
