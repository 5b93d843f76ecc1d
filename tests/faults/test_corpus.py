"""A part of the fault corpus, one fault of each kind. All of it: `python -m tests.faults.matrix`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.corpus.boots import Bench
from tests.faults.corpus.catalogue import faults
from tests.faults.corpus.fault import Fault

SAMPLES = [fault for fault in faults() if fault.sample]


@pytest.mark.parametrize("fault", SAMPLES, ids=[fault.id for fault in SAMPLES])
def test_what_is_said_of_a_fault(fault: Fault, tmp_path: Path) -> None:
    seen = asyncio.run(Bench.set_up().boot(fault, tmp_path / "boot"))
    assert seen.is_detected
    assert seen.record.outcome in (fault.outcome, *fault.also), seen.record.cause
    assert seen.cause == fault.cause, seen.record.cause


def test_a_display_is_photographed(tmp_path: Path) -> None:
    """The kernel's text stands on it: a picture of one colour would take some hundred bytes."""
    (fault,) = (fault for fault in faults() if fault.id == "console-on-the-display")
    record = asyncio.run(Bench.set_up().boot(fault, tmp_path / "boot")).record
    assert record.screen
    shown = (tmp_path / "boot" / "run" / record.screen).read_bytes()
    assert shown.startswith(b"\x89PNG")
    assert len(shown) > 4000


def test_the_corpus_is_as_large_as_was_promised() -> None:
    known = faults()
    assert len(known) >= 50
    assert len({fault.target.partition("-")[0] for fault in known}) >= 3
    assert {fault.cause for fault in SAMPLES} >= {"initrd-truncated", "qemu-killed", "console-wrong", "driver-missing"}
