"""One kernel built from source for its target, from nothing, interrupted on the way, and booted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.kernel.matched.kernel import matched_kernel
from harness.kernel.matched.source import DEFAULT_SOURCE, source_tree
from harness.plan.catalog import Catalog, builtin_root
from harness.store import Store
from tests.boot.conftest import Ended

TARGET = "x86_64-cloud-microvm"
LARGEST = 5 << 20  # bytes of the image


class Interrupted(Exception):
    """What a caller may raise out of its progress."""


def test_a_kernel_built_from_source_boots(bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    source = source_tree(DEFAULT_SOURCE, Store())
    target = Catalog(builtin_root()).target(TARGET)
    store = Store(tmp_path / "store")
    counts: list[int] = []

    def progress(text: str) -> None:
        if found := re.search(r"(\d+)(?: of at most \d+)? objects", text):
            counts.append(int(found[1]))
            if len(counts) == 200:
                raise Interrupted

    with pytest.raises(Interrupted):
        matched_kernel(target, store, progress, source=str(source.path))
    assert not list((tmp_path / "store/matched-kernel").glob("[0-9a-f]*")), "half a kernel is none"
    kernel = matched_kernel(target, store, progress, source=str(source.path))
    resumed = counts[200:]
    assert resumed[-1] == len(resumed)
    assert len(resumed) > 400
    log = (kernel.image.parent / "log").read_text()
    assert "lib/argv_split.o" in log
    assert not re.search(r"CC +init/main\.o", log), "what was compiled before the interruption is not compiled again"
    assert kernel.image.stat().st_size < LARGEST
    assert kernel.release == source.version
    assert kernel.modules is None

    ended = bootmatrix("run", f"{TARGET}.minimal.distro.direct", "--kernel", str(kernel.image))
    assert ended.status == 0, ended.stdout
    assert ended.cell["verdict"] == "pass"
    assert [step["name"] for step in ended.cell["milestones"]][-1] == "poweroff"
    assert not ended.cell["preflight"]
