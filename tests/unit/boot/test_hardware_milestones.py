"""Milestones that a target asks for: lines of its kernel in any order, its clock, devices on its buses."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.boot.ladder import image_ladder
from harness.image.steps import steps_of
from harness.plan.catalog import Catalog
from harness.plan.target import KernelLine
from harness.words import Verdict
from tests.unit.boot.fakes import BANNER, fact, judge_of, lines, qmp

TARGET = Catalog().target("x86_64-hyperv-gen1")
VMBUS = "[    0.1] hv_vmbus: Vmbus version:4.0"
START = (
    "SeaBIOS (version 1.16.3)",
    BANNER,
    "[    0.0] Hypervisor detected: Microsoft Hyper-V",
    "[    0.0] Hyper-V: privilege flags low 0xa7f, high 0x30, hints 0x28, misc 0x108",
    "[    0.1] hv_balloon: Using Dynamic Memory protocol version 2.0",
    "[    0.1] hv_utils: Registering HyperV Utility Driver",
)
CLOCK = "bootmatrix: step=clocksource status={} name={}"


def mark(name: str) -> str:
    return f"bootmatrix: step={name} status=0"


def booted(*, before: tuple[str, ...] = (), behind: tuple[str, ...] = (), clock: str = "") -> Verdict:
    """The verdict of a boot with these lines before init, or behind the loading of drivers."""
    judge = judge_of(image_ladder(TARGET, running={}, metadata={}, asks_machine=True))
    clock = clock or CLOCK.format(0, "hyperv_clocksource_tsc_page")
    judge.see(
        lines(
            *START,
            *before,
            mark("init"),
            mark("system"),
            *behind,
            mark("drivers"),
            clock,
            mark("bus-vmbus"),
            mark("disk0"),
        )
    )
    judge.see(lines(mark("network"), mark("channel"), mark("ready")))
    for kind in ("inspection", "shell"):
        judge.see(fact(kind))
    judge.see(qmp("SHUTDOWN", guest=True, reason="guest-shutdown"))
    return judge.verdict().verdict


def test_a_driver_may_speak_before_init_or_behind_it() -> None:
    assert booted(before=(VMBUS,)) is Verdict.PASS
    assert booted(behind=(VMBUS,)) is Verdict.PASS


def test_a_driver_that_never_speaks_is_a_failure() -> None:
    assert booted() is Verdict.FAIL


@pytest.mark.parametrize("clock", [CLOCK.format(1, "acpi_pm"), CLOCK.format(0, "tsc")])
def test_another_clock_is_a_failure(clock: str) -> None:
    assert booted(before=(VMBUS,), clock=clock) is Verdict.FAIL


def test_the_init_is_told_what_to_look_for() -> None:
    steps = steps_of(TARGET, ()).splitlines()
    assert "clocksource hyperv_clocksource_tsc_page" in steps
    assert "buses vmbus" in steps


@pytest.mark.parametrize("pattern", ["(", "*", "a\nb", ""])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        KernelLine(name="vmbus", line=pattern)
