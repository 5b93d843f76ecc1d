"""The kernel's own death: each cause, and what is close to it and is none."""

from __future__ import annotations

import pytest

from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, Bench

OOPS = "BUG: kernel NULL pointer dereference, address: 0000000000000008"
FATAL = "Kernel panic - not syncing: Fatal exception"


def trace(pc: str, *frames: str) -> tuple[str, ...]:
    return (
        OOPS,
        "CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1",
        f"RIP: 0010:{pc}+0x10/0x20",
        "Call Trace:",
        *(f" {frame}" for frame in frames),
        "---[ end trace 0000000000000000 ]---",
        FATAL,
    )


IN_MODULE = trace("snap_probe", "snap_probe+0x10/0x20 [snapdrv]", "platform_probe+0x5/0x9", "really_probe+0x5/0x9")
BUILT_IN = trace(
    "do_thing", "do_thing+0x1/0x9", "foo_eth_probe+0x5/0x9", "pci_device_probe+0x5/0x9", "really_probe+0x1/0x9"
)
INITCALL = trace("do_thing", "do_thing+0x1/0x9", "bar_driver_init+0x5/0x9", "do_one_initcall+0x5/0x9")
ELSEWHERE = trace("shrink_list", "shrink_list+0x1/0x9", "kswapd+0x5/0x9", "kthread+0x5/0x9")


@pytest.mark.parametrize(
    ("lines", "wanted", "part"),
    [
        (IN_MODULE, "panic-in-driver", "the driver snapdrv crashed the kernel, in snap_probe"),
        (BUILT_IN, "panic-in-driver", "the driver foo_eth crashed the kernel, in do_thing"),
        (INITCALL, "panic-in-driver", "the driver bar crashed the kernel, in do_thing"),
        (ELSEWHERE, "kernel-bug", "in its own function shrink_list"),
    ],
)
def test_where_it_crashed(bench: Bench, lines: tuple[str, ...], wanted: str, part: str) -> None:
    cause = bench.cause(Outcome.OOPS, BANNER, *lines, line=OOPS)
    assert cause
    assert cause.id == wanted
    assert part in cause.text
    assert cause.evidence[0] == OOPS
    assert len(cause.evidence) > 2


@pytest.mark.parametrize(
    "lines",
    [
        ("sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash"),
        ("lkdtm: Performing direct entry PANIC", "Kernel panic - not syncing: dumptest"),
        ("lkdtm: Performing direct entry EXCEPTION", *IN_MODULE),
        ("Kernel panic - not syncing: kernel: panic_on_warn set ...",),
        ("Kernel panic - not syncing: NMI: Not continuing",),
    ],
)
def test_somebody_asked_for_it(bench: Bench, lines: tuple[str, ...]) -> None:
    cause = bench.cause(Outcome.KERNEL_PANIC, BANNER, *lines, line=lines[-1])
    assert cause
    assert (cause.id, cause.evidence[0]) == ("panic-requested", lines[0])


def test_a_help_of_sysrq_is_no_request(bench: Bench) -> None:
    line = "sysrq: HELP : loglevel(0-9) reboot(b) crash(c)"
    assert bench.id(Outcome.KERNEL_PANIC, BANNER, line, *ELSEWHERE, line=FATAL) == "kernel-bug"


def test_a_panic_without_a_trace_says_no_more_than_itself(bench: Bench) -> None:
    line = "Kernel panic - not syncing: something that nobody knows"
    assert bench.id(Outcome.KERNEL_PANIC, BANNER, line, line=line) is None


@pytest.mark.parametrize(
    ("outcome", "line", "wanted", "who"),
    [
        (Outcome.LOCKUP, "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [hog:71]", "soft-lockup", "hog:71"),
        (Outcome.LOCKUP, "NMI watchdog: Watchdog detected hard LOCKUP on cpu 2", "hard-lockup", ""),
        (Outcome.RCU_STALL, "rcu: INFO: rcu_preempt self-detected stall on CPU", "rcu-stall", ""),
        (Outcome.HUNG_TASK, "INFO: task sync:71 blocked for more than 120 seconds.", "hung-task", "sync:71"),
    ],
)
def test_it_is_stuck(bench: Bench, outcome: Outcome, line: str, wanted: str, who: str) -> None:
    cause = bench.cause(outcome, BANNER, line, line=line)
    assert cause
    assert cause.id == wanted
    assert who in cause.text
    assert cause.evidence[0] == line
    assert bench.id(Outcome.HANG, BANNER, line) is None
