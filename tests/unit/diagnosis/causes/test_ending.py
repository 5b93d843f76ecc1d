"""A guest that ended the boot itself: each cause, and what is close to it and is none."""

from __future__ import annotations

from harness.words import Event, Outcome, Source
from tests.unit.diagnosis.causes.conftest import BANNER, RUN, Bench

OFF = Event(3, Source.QMP, "SHUTDOWN", "SHUTDOWN guest=True reason=guest-shutdown", {"reason": "guest-shutdown"})
RESET = Event(3, Source.QMP, "SHUTDOWN", "SHUTDOWN guest=True reason=guest-reset", {"reason": "guest-reset"})


def test_it_switched_itself_off(bench: Bench) -> None:
    words = ("bye", "reboot: Power down")
    cause = bench.cause(Outcome.POWERED_OFF, BANNER, RUN, *words, told=(OFF,), missing=("ready",))
    assert cause
    assert cause.id == "guest-powered-off"
    assert cause.evidence == (OFF.text, RUN, *words)
    assert "before its milestone ready" in cause.text


def test_it_reset_the_machine(bench: Bench) -> None:
    asked = "reboot: Restarting system"
    cause = bench.cause(Outcome.RESET_LOOP, BANNER, asked, told=(RESET,), missing=("init",))
    assert cause
    assert cause.id == "guest-reset"
    assert "it asked for it" in cause.text
    panics = bench.facts(cmdline=("panic=5",))
    cause = bench.cause(Outcome.RESET_LOOP, BANNER, told=(RESET,), facts=panics)
    assert cause
    assert "panic=5 has it reset" in cause.text
    never = bench.cause(Outcome.RESET_LOOP, BANNER, told=(RESET,))  # panic=0 resets nothing
    assert never
    assert "did not say why" in never.text


def test_a_full_disk_before_it_is_the_cause(bench: Bench) -> None:
    assert bench.id(Outcome.POWERED_OFF, BANNER, "cp: write error: No space left on device") == "guest-disk-full"


def test_neither_is_a_hang(bench: Bench) -> None:
    assert bench.id(Outcome.HANG, BANNER, "reboot: Power down") is None
