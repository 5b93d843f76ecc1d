"""Lines that end a boot: data, one rule each with a line as the kernel or firmware really prints it.

A rule fires on any wait, as soon as its line has arrived. Order is severity within one line: the first rule that fits
names the outcome. A line that merely mentions trouble ("NMI watchdog: Shutting down hard lockup detector") has no rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.words import Outcome


@dataclass(frozen=True, slots=True)
class DeathRule:
    """`needle` is a literal every match contains: looking for it first keeps a flood of console text cheap."""

    outcome: Outcome
    needle: str
    pattern: re.Pattern[str]
    example: str


def _rule(outcome: Outcome, needle: str, pattern: str, example: str) -> DeathRule:
    return DeathRule(outcome, needle, re.compile(pattern), example)


# The trace behind a panic ends in a line that repeats it ("---[ end Kernel panic - ..."): that one tells nothing new.
_PANIC = r"(?<!end )Kernel panic - not syncing: "
# printk's level, time and caller, as far as they are switched on.
_STAMP = r"^(?:<\d+>)?(?:\[[ \d.]+\](?:\[[^\]\n]*\])? ?)?"
RULES: tuple[DeathRule, ...] = (
    _rule(
        Outcome.NO_ROOTFS,
        "Unable to mount root fs",
        _PANIC + r"VFS: Unable to mount root fs",
        "[    1.9] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
    ),
    _rule(
        Outcome.INIT_DIED,
        "Attempted to kill init",
        _PANIC + r"Attempted to kill init!",
        "[    1.2] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100",
    ),
    _rule(
        Outcome.INIT_DIED,
        "No working init found",
        _PANIC + r"No working init found",
        "[    1.2] Kernel panic - not syncing: No working init found.  Try passing init= option to kernel.",
    ),
    _rule(
        Outcome.INIT_DIED,
        "Requested init",
        _PANIC + r"Requested init \S+ failed",
        "[    1.2] Kernel panic - not syncing: Requested init /sbin/nope failed (error -2).",
    ),
    _rule(
        Outcome.OOM,
        "on memory",
        _PANIC + r"System is deadlocked on memory",
        "[    3.0] Kernel panic - not syncing: System is deadlocked on memory",
    ),
    _rule(
        Outcome.OOM,
        "ut of memory",
        _PANIC + r"[^\n]{0,200}[Oo]ut of memory",
        "[    3.0] Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled",
    ),
    _rule(
        Outcome.HUNG_TASK,
        "hung_task",
        _PANIC + r"hung_task: blocked tasks",
        "[  242.0] Kernel panic - not syncing: hung_task: blocked tasks",
    ),
    _rule(
        Outcome.LOCKUP,
        "softlockup",
        _PANIC + r"softlockup: hung tasks",
        "[   48.0] Kernel panic - not syncing: softlockup: hung tasks",
    ),
    _rule(
        Outcome.LOCKUP,
        "LOCKUP",
        r"(?:" + _PANIC + r"|Watchdog detected )[Hh]ard LOCKUP",
        "[   12.0] watchdog: Watchdog detected hard LOCKUP on cpu 1",
    ),
    _rule(
        Outcome.RCU_STALL,
        "RCU Stall",
        _PANIC + r"RCU Stall",
        "[   60.0] Kernel panic - not syncing: RCU Stall",
    ),
    _rule(
        Outcome.KERNEL_PANIC,
        "Kernel panic - not syncing",
        r"(?<!end )Kernel panic - not syncing",
        "[    0.7] Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug and send a report.",
    ),
    _rule(
        Outcome.OOPS,
        "Oops",
        r"\bOops(?:(?:: | - )[^\n\[]{1,120})? ?\[#\d+\]|\bOops: [0-9a-f]{4} \[",
        "[    2.1] Internal error: Oops: 0000000096000004 [#1] SMP",
    ),
    _rule(
        Outcome.OOPS,
        "BUG: ",
        r"BUG: (?:unable to handle|kernel NULL pointer|KASAN|kernel stack overflow)",
        "[    2.1] BUG: unable to handle page fault for address: ffffffffc0000000",
    ),
    _rule(
        Outcome.OOPS,
        "kernel BUG at",
        r"kernel BUG at \S+:\d+!",
        "[    2.1] kernel BUG at mm/slub.c:4023!",
    ),
    _rule(
        Outcome.OOPS,
        "Unable to handle kernel",
        r"Unable to handle kernel (?:NULL pointer|paging request|access|execute|read|write)",
        "[    2.1] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010",
    ),
    _rule(
        Outcome.OOPS,
        "general protection fault",
        _STAMP + r"general protection fault\b",
        "[    2.1] general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1]",
    ),
    _rule(
        Outcome.LOCKUP,
        "soft lockup",
        r"BUG: soft lockup - CPU#\d+ stuck for",
        "[   28.0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [swapper/0:1]",
    ),
    _rule(
        Outcome.RCU_STALL,
        "stall",
        r"rcu: INFO: \w+ (?:self-detected stall|detected (?:expedited )?stalls?) on CPU",
        "[   21.0] rcu: INFO: rcu_sched self-detected stall on CPU",
    ),
    _rule(
        Outcome.HUNG_TASK,
        "blocked for more than",
        r"INFO: task .{1,64} blocked for more than \d+ seconds",
        "[  242.0] INFO: task swapper/0:1 blocked for more than 120 seconds.",
    ),
    _rule(
        Outcome.OOM,
        "Out of memory: Kill",
        r"Out of memory: Kill(?:ed)? process \d+",
        "[    9.0] Out of memory: Killed process 71 (stress) total-vm:91224kB, anon-rss:80112kB",
    ),
    _rule(
        Outcome.EMERGENCY_SHELL,
        "mergency mode",
        r"(?:You are in emergency mode|Entering emergency mode)",
        'You are in emergency mode. After logging in, type "journalctl -xb" to view',
    ),
    _rule(
        Outcome.EMERGENCY_SHELL,
        "ropping to a shell",
        r"[Dd]ropping to a shell",
        "ALERT!  UUID=1234 does not exist.  Dropping to a shell!",
    ),
    _rule(
        Outcome.BOOTLOADER_FAILURE,
        "grub rescue>",
        r"grub rescue>",
        "grub rescue> ",
    ),
    _rule(
        Outcome.BOOTLOADER_FAILURE,
        "Bad Linux",
        r"Bad Linux (?:ARM64|RISCV|ARM|RISC-V) Image magic!",
        "Bad Linux ARM64 Image magic!",
    ),
    _rule(
        Outcome.FIRMWARE_FAILURE,
        "No bootable",
        r"(?:No bootable device\.|BdsDxe: No bootable option or device was found)",
        "No bootable device.",
    ),
    _rule(
        Outcome.FIRMWARE_FAILURE,
        "Exception Type",
        r"!!!! (?:X64|IA32) Exception Type",
        "!!!! X64 Exception Type - 0E(#PF - Page-Fault)  CPU Apic ID - 00000000 !!!!",
    ),
    _rule(
        Outcome.FIRMWARE_FAILURE,
        "Synchronous Exception",
        r"^Synchronous Exception at 0x",
        "Synchronous Exception at 0x000000005C7B3A44",
    ),
)


# Most of the rules are panics: text without one is spared them.
_RANKED = tuple(enumerate(RULES))
_RANKED_BESIDE_PANICS = tuple(
    (rank, rule) for rank, rule in _RANKED if not rule.pattern.pattern.startswith(_PANIC[:-2])
)


@dataclass(frozen=True, slots=True)
class Death:
    """A death rule that fired: the decisive line and its place in the text."""

    outcome: Outcome
    line: str
    offset: int


def deaths_in(text: str) -> Iterator[Death]:
    """The fatal lines of a block, in the order they stand there."""
    found: dict[int, tuple[int, Death]] = {}
    for severity, rule in _RANKED if "Kernel panic" in text else _RANKED_BESIDE_PANICS:
        at = text.find(rule.needle)
        while at >= 0:
            start = text.rfind("\n", 0, at) + 1
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            line = text[start:end]
            if rule.pattern.search(line) and found.get(start, (len(RULES),))[0] > severity:
                found[start] = (severity, Death(rule.outcome, line.strip(), start))
            at = text.find(rule.needle, end)
    for start in sorted(found):
        yield found[start][1]
