"""Reading an image of layers, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.image.entries import Entry
from harness.image.oci.layout import OciLayout
from harness.store import Store
from harness.words import Arch
from tests.unit.image.oci.layouts import one


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def tree(tmp_path: Path, store: Store) -> Callable[..., dict[str, Entry]]:
    """The entries of an image of these layers (tar archives), by path."""

    def read(*layers: bytes, **fields: Any) -> dict[str, Entry]:
        where = one(tmp_path / f"layout{len(list(tmp_path.iterdir()))}", *layers, **fields)
        found = list(OciLayout(where, store).resolve("test/it:1", Arch.X86_64).entries())
        assert len({entry.path for entry in found}) == len(found)
        return {entry.path: entry for entry in found}

    return read
