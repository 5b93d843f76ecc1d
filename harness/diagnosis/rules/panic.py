"""Kernel panics. What the text of one says of its reason names the outcome; the plain panic comes last."""

from __future__ import annotations

from harness.diagnosis.rule import panic
from harness.words import Outcome

# The trace behind a panic ends in a line that repeats it ("---[ end Kernel panic - ..."): that one tells nothing new.
# Linux 2.4 had no "not syncing" there.
# People who copy from a screen write the dash as they like, and "syncing".
_PANIC = r"(?<!end K)ernel panic(?: ?[-\u2013\u2014]{1,2} ?not s\w{5,8})?: ?"
_TITLE = "Kernel panic - not syncing: {text}"
_REST = r"(?P<text>%s[^\n]{0,300})"


def _text(words: str) -> str:
    return _PANIC + _REST % words


RULES = (
    panic(
        "panic-root-unmounted",
        Outcome.NO_ROOTFS,
        "nable to mount root",
        _text(r"(?:VFS: )?[Uu]nable to mount root"),
        _TITLE,
        '[    2.4] Kernel panic - not syncing: VFS: Unable to mount root fs on "/dev/vdz1" or unknown-block(0,0)',
    ),
    panic(
        "panic-root-not-found",
        Outcome.NO_ROOTFS,
        "ernel panic",
        _text(r"(?:VFS: )?(?:Unable to find root|Cannot open root device|No root device|Root-NFS: )"),
        _TITLE,
        "[    2.4] Kernel panic - not syncing: Root-NFS: Unable to contact NFS server for root fs, using floppy",
    ),
    panic(
        "panic-init-killed",
        Outcome.INIT_DIED,
        "ttempted to kill|ttempt to kill",
        _text(r"[Aa]ttempt(?:ed)? to kill init"),
        _TITLE,
        "[    3.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00",
    ),
    panic(
        "panic-no-init",
        Outcome.INIT_DIED,
        "o working init found|o init found",
        _text(r"No (?:working )?init found"),
        _TITLE,
        "[    3.1] Kernel panic - not syncing: No working init found.  Try passing init= option to kernel. See Linux",
    ),
    panic(
        "panic-requested-init",
        Outcome.INIT_DIED,
        "Requested init",
        _text(r"Requested init \S{1,256} failed"),
        _TITLE,
        "[    3.1] Kernel panic - not syncing: Requested init /opt/start failed (error -8).",
    ),
    panic(
        "panic-deadlocked-on-memory",
        Outcome.OOM,
        "on memory",
        _text(r"System is deadlocked on memory"),
        _TITLE,
        "[    6.0] Kernel panic - not syncing: System is deadlocked on memory",
    ),
    panic(
        "panic-out-of-memory",
        Outcome.OOM,
        "ut of memory",
        _text(r"[^\n]{0,120}?[Oo]ut of memory"),
        _TITLE,
        "[    6.0] Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled",
    ),
    panic(
        "panic-allocation",
        Outcome.OOM,
        "ailed to allocate|annot allocate",
        _text(r"[^\n]{0,120}?(?:[Ff]ailed to|[Cc]annot) allocate"),
        _TITLE,
        "[    0.0] Kernel panic - not syncing: setup_node_data: Failed to allocate 16896 bytes align=0x40 nid=0",
    ),
    panic(
        "panic-hung-task",
        Outcome.HUNG_TASK,
        "hung_task",
        _text(r"hung_task: blocked tasks"),
        _TITLE,
        "[  367.0] Kernel panic - not syncing: hung_task: blocked tasks, for example",
    ),
    panic(
        "panic-soft-lockup",
        Outcome.LOCKUP,
        "softlockup",
        _text(r"softlockup: hung tasks"),
        _TITLE,
        "[   51.0] Kernel panic - not syncing: softlockup: hung tasks, for example",
    ),
    panic(
        "panic-hard-lockup",
        Outcome.LOCKUP,
        "LOCKUP|ard lockup|ard-lockup",
        _text(r"[^\n]{0,60}?[Hh]ard[ -](?:LOCKUP|lockup)"),
        _TITLE,
        "[   14.0] Kernel panic - not syncing: Hard LOCKUP",
    ),
    panic(
        "panic-lockup-nmi",
        Outcome.LOCKUP,
        "ernel panic",
        _text(r"(?:Watchdog detected (?:soft|hard)|NMI [Ww]atchdog|Lockup detected|spinlock lockup)"),
        _TITLE,
        "[   14.0] Kernel panic - not syncing: Watchdog detected hard stop of cpu 2",
    ),
    panic(
        "panic-rcu-stall",
        Outcome.RCU_STALL,
        "RCU Stall",
        _text(r"RCU Stall"),
        _TITLE,
        "[   64.0] Kernel panic - not syncing: RCU Stall",
    ),
    panic(
        "panic",
        Outcome.KERNEL_PANIC,
        "ernel panic - not syncing|ernel panic",  # the long one is the usual one: a flood of it is rationed sooner
        r"(?:(?<!end K)ernel panic ?[-\u2013\u2014]{1,2} ?not s\w{5,8}|^Kernel panic(?=: )|<0>Kernel panic(?=: ))"
        r"(?:: ?(?P<text>[^\n]{0,300}))?",
        "Kernel panic - not syncing[: {text}]",
        "[    0.9] Kernel panic - not syncing: No interrupt controller found for the boot processor",
    ),
    panic(
        "panic-early-exception",
        Outcome.KERNEL_PANIC,
        "early exception",
        r"(?:PANIC: )?early exception (?P<number>0x[0-9a-f]{1,4}|[0-9a-f]{2}) (?:IP|rip) ",
        "PANIC: early exception {number}",
        "[    0.0] PANIC: early exception 0x0e IP 10:ffffffff81c0b1a2 error 0 cr2 0xffffffffff240000",
    ),
    panic(
        "panic-xen",
        Outcome.KERNEL_PANIC,
        "Panic on CPU",
        r"^(?:\(XEN\) )?Panic on CPU \d{1,5}:",
        "Xen: panic",
        "(XEN) Panic on CPU 0:",
    ),
    panic(
        "panic-xen-dom0",
        Outcome.KERNEL_PANIC,
        "crashed: ",
        r"\(XEN\) (?:Hardware )?Dom(?:ain )?0 crashed: (?P<text>[^\n]{0,80})",
        "Xen: dom0 crashed",
        "(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.",
    ),
)
