"""What preflight said, and whether it came true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.kernel.devicetree import DeviceNode, DeviceTree
from harness.preflight.finding import Finding, Level
from harness.preflight.preflight import preflight
from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, CONFIG, RUN, Bench

FOUND = Finding(
    Level.ERROR, "CONFIG_DEVTMPFS is not set", "the image needs devtmpfs", "CONFIG_DEVTMPFS",
    predicts=Outcome.HANG, cause="devtmpfs-missing",
)  # fmt: skip


def test_it_came_true(bench: Bench) -> None:
    cause = bench.cause(Outcome.HANG, BANNER, RUN, findings=(FOUND,), line="it hung")
    assert cause
    assert (cause.id, cause.next) == ("devtmpfs-missing", "set CONFIG_DEVTMPFS=y")
    assert cause.text == "CONFIG_DEVTMPFS is not set: the image needs devtmpfs"


def test_it_ended_in_another_way(bench: Bench) -> None:
    assert bench.id(Outcome.INIT_DIED, BANNER, RUN, findings=(FOUND,)) is None
    assert bench.id(Outcome.HANG, BANNER, RUN, findings=(replace(FOUND, predicts=None),)) is None


def test_what_was_said_comes_first(bench: Bench) -> None:
    full = "sh: write error: No space left on device"
    assert bench.id(Outcome.HANG, BANNER, RUN, full, findings=(FOUND,)) == "guest-disk-full"


@pytest.mark.parametrize("symbol", CONFIG.split())
def test_whatever_has_an_outcome_has_a_name(bench: Bench, symbol: str) -> None:
    """So that a boot that ends as it was told has a cause."""
    found = preflight(bench.facts(drop=symbol, needs=("devtmpfs", "proc", "sysfs", "printk", "dhcp", "cgroups")))
    assert all(one.cause for one in found if one.predicts)


def test_a_tree_of_another_board(bench: Bench) -> None:
    def causes(*compatible: str) -> list[str]:
        tree = DeviceTree((DeviceNode("/", compatible, enabled=True),))
        return [one.cause for one in preflight(bench.facts(tree=tree)) if one.cause]

    assert causes("raspberrypi,3-model-b", "brcm,bcm2837") == ["wrong-dtb"]
    assert causes("acme,virt", "linux,dummy-virt") == []


def test_a_tree_that_cannot_be_read(bench: Bench) -> None:
    (found,) = [one for one in preflight(bench.facts(complaints={"device tree": "not a device tree"})) if one.cause]
    assert (found.cause, found.level) == ("wrong-dtb", Level.WARNING)
    (error,) = [one for one in preflight(bench.facts(complaints={"kernel": "not a kernel"})) if one.level == "error"]
    assert error.what == "the kernel file: not a kernel"
