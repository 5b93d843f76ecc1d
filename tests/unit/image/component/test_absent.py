"""A component that is not there: the message names what was tried, and the nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.image.component.build import Components
from harness.image.oci.layout import Absent
from harness.store import Store
from harness.words import Arch


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("nginxx", r"there is no component nginxx \(is nginx meant\?\)"),
        ("qqqqqq", "there is no component qqqqqq$"),
        ("ghcr.io/nginx:1", "there is no component ghcr.io/nginx:1$"),
    ],
)
def test_the_nearest_is_named(tmp_path: Path, ref: str, told: str) -> None:
    with pytest.raises(Absent, match=told):
        Components(Store(tmp_path)).resolve(ref, Arch.X86_64)
    with pytest.raises(Absent, match=told):
        list(Components(Store(tmp_path)).layout(ref, ("linux/amd64",)))
