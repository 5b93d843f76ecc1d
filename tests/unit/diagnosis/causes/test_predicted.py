"""What preflight said, and whether it came true."""

from __future__ import annotations

from dataclasses import replace

from harness.preflight.finding import Finding, Level
from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, RUN, Bench

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
