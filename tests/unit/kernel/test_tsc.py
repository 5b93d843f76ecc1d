"""The host's counter: measured, and told to the guests that have it."""

from __future__ import annotations

import mmap
import platform
from collections.abc import Callable
from typing import Any

import pytest

from harness.kernel import tsc
from harness.plan.target import Target

Make = Callable[..., Target]


@pytest.fixture
def fresh() -> Any:
    """Nobody has asked for the counter, and nobody will know what was said."""
    tsc.host_tsc_khz.cache_clear()
    yield tsc.host_tsc_khz
    tsc.host_tsc_khz.cache_clear()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="no such counter in this processor")
def test_it_is_measured_the_same_each_time(fresh: Any) -> None:
    found = []
    for _ in range(3):
        fresh.cache_clear()
        found.append(fresh())
    assert all(khz and 500_000 <= khz <= 10_000_000 and khz % 1000 == 0 for khz in found)
    assert max(found) - min(found) <= max(found) / 200, "a kernel takes what is within one percent"


def test_it_is_not_known_of_another_processor(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert fresh() is None


def test_it_is_not_known_where_it_changes(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsc, "_is_constant", lambda: False)
    assert fresh() is None


def test_it_is_not_known_where_programs_may_not_make_code(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(mmap, "mmap", refused)
    assert fresh() is None


def test_a_guest_of_x86_is_told(target: Make) -> None:
    words = ("console=ttyS0", "tsc_early_khz=2600000", "panic=0")
    for arch in ("x86_64", "i386"):
        told = tsc.with_tsc(words, target(arch=arch), 3_100_000)
        assert told == ("console=ttyS0", "panic=0", "tsc_early_khz=3100000"), "in the place of the target's guess"
    assert tsc.with_tsc(words, target(arch="x86_64"), None) == words


def test_others_are_not(target: Make) -> None:
    words = ("console=ttyAMA0", "panic=0")
    assert tsc.with_tsc(words, target(arch="arm64"), 3_100_000) == words
    nested = target(arch="x86_64", machine={"type": "q35", "accelerator": "kvm"})
    assert tsc.with_tsc(words, nested, 3_100_000) == words


def test_hardware_has_its_own() -> None:
    assert tsc.without_tsc(["console=ttyS0", "tsc_early_khz=2600000"]) == ("console=ttyS0",)
