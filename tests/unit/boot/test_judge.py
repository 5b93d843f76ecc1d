"""The judge: milestones in order, the first fatal event latched, one word for what happened."""

from __future__ import annotations

import pytest

from harness.boot.deaths import watched
from harness.boot.judge import Judge
from harness.boot.ladder import foreign_ladder
from harness.words import Event, Outcome, Source, Verdict
from tests.unit.boot.fakes import (
    BANNER,
    DRIVERS,
    INIT,
    PANIC,
    READY,
    SYSTEM,
    a_target,
    exited,
    fact,
    judge_of,
    lines,
    partial,
    qmp,
    rungs,
)

SHUTDOWN = {"guest": True, "reason": "guest-shutdown"}


def names(judge: Judge) -> list[str]:
    return [step.name for step in judge.reached]


def ruled(judge: Judge) -> tuple[Outcome, Verdict]:
    verdict = judge.verdict()
    return verdict.outcome, verdict.verdict


def up(judge: Judge) -> Judge:
    judge.see(lines(BANNER, INIT, SYSTEM, DRIVERS, READY))
    return judge


def test_a_healthy_boot() -> None:
    told: list[str] = []
    judge = Judge(rungs(), reached=lambda step: told.append(step.name))
    judge.see(lines(BANNER, INIT))
    assert not judge.is_ready
    judge.see(lines(SYSTEM, DRIVERS, READY))
    assert judge.is_ready
    assert not judge.is_over
    judge.see(fact("inspection"))
    judge.see(fact("shell"))
    judge.see(qmp("SHUTDOWN", **SHUTDOWN))
    assert judge.is_over
    judge.see(exited())
    assert ruled(judge) == (Outcome.READY, Verdict.PASS)
    assert judge.verdict().cause == ""
    assert told == names(judge) == ["kernel", "init", "system", "drivers", "ready", "devices", "shell", "poweroff"]
    assert judge.reached[1].line == INIT


def test_answers_behind_ready_have_no_order() -> None:
    """The shell and the machine are asked at the same time."""
    judge = up(judge_of())
    for event in (fact("shell"), fact("inspection"), qmp("SHUTDOWN", **SHUTDOWN), exited()):
        judge.see(event)
    assert ruled(judge) == (Outcome.READY, Verdict.PASS)


@pytest.mark.parametrize(
    "order", [(DRIVERS, INIT, SYSTEM, READY), (READY, INIT, SYSTEM, DRIVERS), (INIT, SYSTEM, READY, DRIVERS)]
)
def test_out_of_order(order: tuple[str, ...]) -> None:
    judge = judge_of()
    judge.see(lines(BANNER, *order))
    for event in (fact("inspection"), fact("shell"), qmp("SHUTDOWN", **SHUTDOWN), exited()):
        judge.see(event)
    assert judge.missing == []
    assert ruled(judge) == (Outcome.READY, Verdict.FAIL)
    assert "which it must precede" in judge.verdict().cause


def test_expected_but_missing() -> None:
    judge = judge_of()
    judge.see(lines(BANNER, INIT, SYSTEM, READY))
    judge.see(fact("inspection"))
    judge.see(fact("shell"))
    judge.see(qmp("SHUTDOWN", **SHUTDOWN))
    judge.see(exited())
    assert ruled(judge) == (Outcome.READY, Verdict.FAIL)
    assert judge.verdict().cause == "expected but never seen: drivers"


def test_a_record_that_just_ends_is_incomplete() -> None:
    judge = judge_of()
    judge.see(lines(BANNER, INIT))
    assert ruled(judge) == (Outcome.INCOMPLETE, Verdict.FAIL)
    assert not judge.is_over


def test_failed_mark() -> None:
    judge = judge_of()
    judge.see(lines(BANNER, "bootmatrix: step=init status=2 up=1"))
    assert ruled(judge) == (Outcome.INIT_DIED, Verdict.FAIL)
    assert "status=2" in judge.verdict().cause


def test_first_death_stays() -> None:
    judge = judge_of()
    judge.see(lines(BANNER, PANIC))
    first = judge.verdict()
    up(judge)
    judge.see(lines("[ 2.0] Oops: 0002 [#1] SMP", BANNER))
    for event in (qmp("SHUTDOWN", **SHUTDOWN), qmp("GUEST_PANICKED"), qmp("WATCHDOG"), exited()):
        judge.see(event)
    judge.see(Event(99, Source.CLOCK, "deadline", "not done"))
    assert judge.verdict() == first
    assert first.outcome is Outcome.INIT_DIED
    assert first.cause == PANIC
    assert names(judge) == ["kernel"]


def test_milestones_above_a_death_in_the_same_block_count_and_those_below_do_not() -> None:
    judge = judge_of()
    judge.see(lines(BANNER, INIT, PANIC, DRIVERS, READY))
    assert names(judge) == ["kernel", "init"]
    assert not judge.is_ready
    assert ruled(judge) == (Outcome.INIT_DIED, Verdict.FAIL)


def test_pvpanic_is_made_precise_by_the_console() -> None:
    judge = judge_of()
    judge.see(lines(BANNER))
    judge.see(qmp("GUEST_PANICKED", action="run"))
    assert judge.is_over
    assert judge.verdict().outcome is Outcome.KERNEL_PANIC
    judge.see(lines(PANIC, at=1.4))
    assert judge.verdict().outcome is Outcome.INIT_DIED
    judge.see(lines("[ 2.0] Kernel panic - not syncing: VFS: Unable to mount root fs"))
    assert judge.verdict().outcome is Outcome.INIT_DIED


@pytest.mark.parametrize(
    "later",
    [
        qmp("SHUTDOWN", guest=True, reason="guest-reset"),
        qmp("RESET", guest=True, reason="guest-reset"),
        qmp("WATCHDOG", action="none"),
        exited(),
        Event(9, Source.CLOCK, "silence", "no sign of life"),
        lines(BANNER),
    ],
)
def test_what_follows_a_panic_is_not_its_cause(later: Event) -> None:
    judge = judge_of()
    judge.see(lines(BANNER))
    judge.see(qmp("GUEST_PANICKED", action="run"))
    judge.see(later)
    assert ruled(judge) == (Outcome.KERNEL_PANIC, Verdict.FAIL)


def test_half_a_panic_line_is_a_death_and_its_other_half_says_which() -> None:
    judge = judge_of()
    judge.see(lines(BANNER))
    judge.see(partial("[    1.9] Kernel panic - not syncing: VFS: Unable to mo"))
    assert judge.is_over
    assert judge.verdict().outcome is Outcome.KERNEL_PANIC
    whole = "[    1.9] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"
    judge.see(lines(whole))
    assert (judge.verdict().outcome, judge.verdict().cause) == (Outcome.NO_ROOTFS, whole)
    judge.see(partial("Kernel panic - not syncing: Attempted to kill init!"))
    assert judge.verdict().outcome is Outcome.NO_ROOTFS


def test_prompt_of_a_boot_loader_needs_no_line_end() -> None:
    judge = judge_of()
    judge.see(partial("grub rescue> "))
    assert ruled(judge) == (Outcome.BOOTLOADER_FAILURE, Verdict.FAIL)


RESETS = [qmp("RESET", guest=True, reason="guest-reset"), qmp("SHUTDOWN", guest=True, reason="guest-reset")]


@pytest.mark.parametrize("reset", RESETS)
def test_reset_without_allowance(reset: Event) -> None:
    judge = judge_of()
    judge.see(lines(BANNER))
    judge.see(reset)
    assert ruled(judge) == (Outcome.RESET_LOOP, Verdict.FAIL)
    assert "the next milestone would have been init" in judge.verdict().cause


@pytest.mark.parametrize("reset", RESETS)
def test_reset_with_allowance(reset: Event) -> None:
    judge = judge_of(resets=1)
    judge.see(lines(BANNER))
    judge.see(reset)
    judge.see(lines(BANNER, INIT))
    assert judge.ruling is None
    judge.see(reset)
    assert judge.verdict().outcome is Outcome.RESET_LOOP


def test_reset_by_the_harness_is_none_of_the_guests() -> None:
    judge = judge_of()
    judge.see(qmp("RESET", guest=False, reason="host-qmp-system-reset"))
    assert judge.ruling is None


def test_second_banner() -> None:
    judge = judge_of()
    judge.see(lines(BANNER, INIT))
    judge.see(lines("noise", BANNER, DRIVERS))
    assert ruled(judge) == (Outcome.RESET_LOOP, Verdict.FAIL)
    assert names(judge) == ["kernel", "init"]


def test_second_banner_in_one_block_and_with_allowance() -> None:
    both = judge_of()
    both.see(lines(BANNER, INIT, BANNER))
    assert both.verdict().outcome is Outcome.RESET_LOOP
    allowed = judge_of(resets=1)
    allowed.see(lines(BANNER, "reboot", BANNER, INIT))
    assert allowed.ruling is None
    assert names(allowed) == ["kernel", "init"]
    allowed.see(lines(BANNER))
    assert allowed.verdict().outcome is Outcome.RESET_LOOP


@pytest.mark.parametrize("said", ["[    7.0] Linux version 6.1.0", "Linux version 6.1.0-42-amd64 (debian-kernel)"])
def test_a_version_that_is_printed_later_is_no_reset(said: str) -> None:
    judge = judge_of()
    judge.see(lines(BANNER, INIT))
    judge.see(lines(said))
    assert judge.ruling is None


def test_dmesg_is_no_reset_where_the_machine_tells_of_resets() -> None:
    judge = up(judge_of(told_of_resets=True))
    judge.see(lines(BANNER))
    assert judge.ruling is None
    judge.see(RESETS[0])
    assert judge.verdict().outcome is Outcome.RESET_LOOP


def test_powered_off_before_ready() -> None:
    judge = judge_of()
    judge.see(lines(BANNER, INIT, SYSTEM))
    judge.see(qmp("SHUTDOWN", **SHUTDOWN))
    judge.see(exited())
    assert ruled(judge) == (Outcome.POWERED_OFF, Verdict.FAIL)
    assert "drivers" in judge.verdict().cause


@pytest.mark.parametrize("asks_machine", [True, False])
def test_powered_off_before_ready_without_that_milestone_or_without_qmp(asks_machine: bool) -> None:
    judge = judge_of(rungs(a_target(poweroff=not asks_machine), asks_machine=asks_machine))
    judge.see(lines(BANNER))
    event = qmp("SHUTDOWN", **SHUTDOWN) if asks_machine else lines("[    2.0] reboot: Power down")
    judge.see(event)
    assert judge.is_over
    assert ruled(judge) == (Outcome.POWERED_OFF, Verdict.FAIL)


def test_machine_that_died_says_how() -> None:
    judge = up(judge_of())
    judge.see(exited("QEMU killed by SIGKILL"))
    assert judge.is_over
    assert ruled(judge) == (Outcome.MACHINE_DIED, Verdict.ERROR)
    assert "killed by SIGKILL" in judge.verdict().cause


def test_qemu_shut_down_by_the_host() -> None:
    judge = up(judge_of())
    judge.see(qmp("SHUTDOWN", guest=False, reason="host-signal"))
    assert ruled(judge) == (Outcome.MACHINE_DIED, Verdict.ERROR)
    quits = judge_of()
    quits.see(qmp("SHUTDOWN", guest=False, reason="host-qmp-quit"))
    assert quits.ruling is None


def test_stop_and_watchdog() -> None:
    stopped, hung = judge_of(), judge_of()
    stopped.see(qmp("STOP"))
    assert ruled(stopped) == (Outcome.MACHINE_DIED, Verdict.ERROR)
    hung.see(qmp("WATCHDOG", action="none"))
    assert ruled(hung) == (Outcome.HANG, Verdict.FAIL)


def test_clock() -> None:
    silent, stuck = judge_of(), judge_of()
    silent.see(Event(40, Source.CLOCK, "silence", "no sign of life for 40 s"))
    assert ruled(silent) == (Outcome.NO_OUTPUT, Verdict.FAIL)
    assert "the console stayed empty" in silent.verdict().cause
    stuck.see(lines(BANNER))
    stuck.see(partial("Probing EDD (edd=off to disable)... "))
    stuck.see(Event(40, Source.CLOCK, "silence", "no sign of life for 40 s"))
    assert ruled(stuck) == (Outcome.HANG, Verdict.FAIL)
    assert "Probing EDD" in stuck.verdict().cause
    assert "init" in stuck.verdict().cause


def test_bad_answer_of_the_shell() -> None:
    judge = up(judge_of())
    judge.see(fact("shell", ok=False))
    assert ruled(judge) == (Outcome.READY, Verdict.FAIL)
    assert judge.verdict().cause.startswith("shell failed")


def test_foreign_image_is_over_at_its_prompt() -> None:
    judge = judge_of(foreign_ladder(a_target(), boots_kernel=True, ready=None))
    judge.see(lines(BANNER))
    judge.see(partial("debian login: "))
    assert judge.is_over
    assert ruled(judge) == (Outcome.READY, Verdict.PASS)


LOCKUP = "[  192.491312] watchdog: BUG: soft lockup - CPU#0 stuck for 24s! [kworker/0:0:7]"


@pytest.mark.parametrize("line", [LOCKUP, "[  192.4] rcu: INFO: rcu_preempt self-detected stall on CPU 0"])
def test_a_guest_that_counts_faster_than_time_has_found_no_stall(line: str) -> None:
    judge = judge_of()
    judge.see(lines(BANNER, line, INIT, at=47.0))
    assert not judge.is_over
    assert names(judge) == ["kernel", "init"]
    late = judge_of()
    late.see(lines(BANNER, line, at=191.0))
    assert late.verdict().cause == line


def test_a_stall_that_is_no_matter_of_time_counts_whatever_the_clock_says() -> None:
    for line in ("[  192.4] Kernel panic - not syncing: softlockup: hung tasks", LOCKUP.partition("] ")[2]):
        judge = judge_of()
        judge.see(lines(BANNER, line, at=47.0))
        assert judge.verdict().cause == line


def test_behind_a_stall_that_was_none_a_death_is_seen() -> None:
    judge = judge_of()
    judge.see(lines(BANNER, LOCKUP, PANIC, at=47.0))
    assert judge.verdict().cause == PANIC


def test_no_guest_waits_for_the_death_rules_to_be_read() -> None:
    watched.cache_clear()
    judge = judge_of()
    read_before = watched.cache_info().misses
    judge.see(lines(BANNER, PANIC))
    assert read_before == 1
    assert watched.cache_info().misses == 1
