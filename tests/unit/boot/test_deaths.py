"""Fatal lines: each rule knows its own, none is taken for another, and what merely sounds bad is not one."""

from __future__ import annotations

import time

import pytest

from harness.boot.deaths import deaths_in
from harness.diagnosis.catalogue import all_rules
from harness.diagnosis.rule import Rule
from harness.words import Outcome


def outcomes(text: str) -> list[Outcome]:
    return [death.outcome for death in deaths_in(text)]


RULES = [rule for rule in all_rules() if rule.live]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_knows_its_example(rule: Rule) -> None:
    line = rule.example.split("\n")[0]
    assert outcomes(line) == [rule.outcome]
    found = next(deaths_in(f"before\n{line}\nbehind"))
    assert (found.line, found.offset) == (line.strip(), len("before\n"))


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ('Kernel panic - not syncing: VFS: Unable to mount root fs on "/dev/sda1" or unknown-block(8,1)', "no-rootfs"),
        ("<0>[    1.2][    T1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b", "init-died"),
        ("[ 5.0] Kernel panic - not syncing: Fatal exception in interrupt", "kernel-panic"),
        ("[ 5.0] Kernel panic - not syncing: Hard LOCKUP", "lockup"),
        ("[ 5.0] NMI watchdog: Watchdog detected hard LOCKUP on cpu 3", "lockup"),
        ("[ 5.0] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled", "oom"),
        ("[ 2.1] Oops: 0002 [#1] PREEMPT SMP NOPTI", "oops"),
        ("[ 2.1] Internal error: Oops - BUG: 00000000f2000800 [#1] SMP", "oops"),
        ("[ 2.1] Oops [#1]", "oops"),
        ("[ 2.1] Oops: Kernel access of bad area, sig: 11 [#1]", "oops"),
        ("[ 2.1] Oops: general protection fault, probably for non-canonical address: 0000 [#1]", "oops"),
        ("[ 2.1] BUG: kernel NULL pointer dereference, address: 0000000000000008", "oops"),
        ("[ 2.1] BUG: KASAN: slab-out-of-bounds in foo+0x1/0x2", "oops"),
        ("[ 2.1][  T71] general protection fault: 0000 [#1] SMP", "oops"),
        ("[ 9.0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu-stall"),
        ("[ 9.0] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... }", "rcu-stall"),
        ("[ 9.0] INFO: task kworker/u8:1:123 blocked for more than 122 seconds.", "hung-task"),
        ("[ 9.0] Memory cgroup out of memory: Killed process 71 (x)", None),  # a container's limit is its own affair
        ("Entering emergency mode. Exit the shell to continue.", "emergency-shell"),
        ("BdsDxe: No bootable option or device was found.", "firmware-failure"),
        ("!!!! IA32 Exception Type - 06(#UD - Invalid Opcode) !!!!", "firmware-failure"),
    ],
)
def test_real_lines(line: str, outcome: str | None) -> None:
    assert outcomes(line) == ([] if outcome is None else [outcome])


@pytest.mark.parametrize(
    "line",
    [
        "[    0.1] NMI watchdog: Shutting down hard lockup detector on all cpus",
        "[    0.1] random: crng init done",
        "[    0.0] rcu: \tRCU debug extended QS entry/exit.",
        "[    0.0] rcu: RCU CPU stall warnings timeout set to 60",
        "[    1.0] Warning: unable to open an initial console.",
        "[    0.0] ftrace: allocating 40000 entries in 157 pages",
        "[    3.0] systemd[1]: Starting emergency.service - Emergency Shell...",
        "[    3.0] systemd[1]: emergency.target: Job emergency.target/start failed",
        '[    3.0] audit: type=1701 audit(1.1:9): auid=1 uid=0 comm="panic" sig=6 res=1',
        "[    3.0] audit: type=1130 audit(1.1:2): msg='unit=oops res=failed'",
        "[    1.3] ---[ end Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100 ]---",
        "[    1.3] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---",
        "[    1.3] ---[ end Kernel panic - not syncing: Hard LOCKUP ]---",
        "[    0.0] Kernel command line: panic=-1 oops=panic softlockup_panic=1 console=ttyS0",
        "[    7.0] traps: demo[71] general protection fault ip:7f00 sp:7ffd error:0 in libc.so[7f00+1000]",
        "[    7.0] demo[71]: segfault at 0 ip 0000 sp 0000 error 4 in demo[1000+1000]",
        "[    7.0] oom_reaper: reaped process 71 (stress), now anon-rss:0kB",
        "[    0.0] efi: memattr: Unexpected EFI Memory Attributes table version 2",
        "Loading Linux 6.1.0 ... Oops, that took long",
        "the BUG: prefix in a sentence",
        "",
    ],
)
def test_benign_lines(line: str) -> None:
    assert outcomes(line) == []


def test_order_is_that_of_the_text() -> None:
    story = [
        "[ 1.0] BUG: unable to handle page fault for address: 0",
        "[ 1.0] Oops: 0002 [#1] SMP",
        "fine",
        "[ 1.1] Kernel panic - not syncing: Fatal exception",
        "[ 1.1] ---[ end Kernel panic - not syncing: Fatal exception ]---",
    ]
    assert outcomes("\n".join(story)) == [Outcome.OOPS, Outcome.OOPS, Outcome.KERNEL_PANIC]


def test_second_needle_on_a_line_is_not_a_second_death() -> None:
    line = "Kernel panic - not syncing: Attempted to kill init! Kernel panic - not syncing: Attempted to kill init!"
    assert outcomes(f"{line}\n{line}") == [Outcome.INIT_DIED, Outcome.INIT_DIED]


@pytest.mark.parametrize(
    "piece",
    [
        *sorted({needle for rule in RULES for needle in rule.needles}),
        "Kernel panic - not syncing: Requested init x",
        "Mut of memory Kernel panic - not syncing: ",
        "INFO: task ",
        "INFO: task x blocked for more than ",
        "kernel BUG at a:1",
        "Oops: aaaa ",
        "[ 1.1",
        "[[[[",
        "<1>[1.1][",
    ],
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    def seconds(size: int, ending: str) -> float:
        text = (piece * (size // len(piece) + 1))[:size] + ending
        started = time.process_time()
        for _ in deaths_in(text):
            pass
        return time.process_time() - started

    for ending in ("", "\nut of memory"):
        assert min(seconds(1 << 17, ending) for _ in range(2)) < 0.5  # quadratic takes many seconds


def test_many_fatal_lines_take_linear_time() -> None:
    text = "Kernel panic - not syncing: x\n" * 30_000
    started = time.process_time()
    assert sum(1 for _ in deaths_in(text)) == 30_000
    assert time.process_time() - started < 2
