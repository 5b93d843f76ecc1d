"""Kernels that stop without the words "Kernel panic": halted before there is a console, or only the end was kept."""

from __future__ import annotations

from harness.diagnosis.diagnosis import Severity
from harness.diagnosis.rule import Rule, decisive
from harness.words import Outcome

_END = r"end Kernel panic - not syncing: (?P<text>%s[^\n]{0,300}?)(?: \]---)?$"
_END_TITLE = "Kernel panic - not syncing: {text}"


def _end_of(name: str, outcome: Outcome, needles: str, words: str, example: str) -> Rule:
    """Where only the end of a panic was kept, its last line has the reason; where more was, the first line decides."""
    return decisive(name, Severity.PANIC, outcome, needles, _END % words, _END_TITLE, example)


RULES = (
    _end_of(
        "panic-end-root",
        Outcome.NO_ROOTFS,
        "Unable to mount root|Unable to find root",
        r"(?:VFS: )?Unable to (?:mount|find) root",
        "[    1.3] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(7,7) ]---",
    ),
    _end_of(
        "panic-end-init",
        Outcome.INIT_DIED,
        "Attempted to kill|o init found|o working init|Requested init",
        r"(?:Attempted to kill init!|No (?:working )?init found|Requested init)",
        "[    1.3] ---[ end Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000b00 ]---",
    ),
    _end_of(
        "panic-end-memory",
        Outcome.OOM,
        "on memory|ut of memory",
        r"(?:System is deadlocked on memory|Out of memory)",
        "[    1.3] ---[ end Kernel panic - not syncing: System is deadlocked on memory ]---",
    ),
    _end_of(
        "panic-end-lockup",
        Outcome.LOCKUP,
        "softlockup|LOCKUP|ard lockup",
        r"(?:softlockup: hung tasks|[Hh]ard (?:LOCKUP|lockup)|Watchdog detected hard LOCKUP)",
        "[   51.3] ---[ end Kernel panic - not syncing: softlockup: hung tasks ]---",
    ),
    _end_of(
        "panic-end-hung-task",
        Outcome.HUNG_TASK,
        "hung_task",
        r"hung_task: blocked tasks",
        "[  367.3] ---[ end Kernel panic - not syncing: hung_task: blocked tasks ]---",
    ),
    _end_of(
        "panic-end-rcu-stall",
        Outcome.RCU_STALL,
        "RCU Stall",
        r"RCU Stall",
        "[   64.3] ---[ end Kernel panic - not syncing: RCU Stall ]---",
    ),
    decisive(
        "panic-end",
        Severity.PANIC,
        Outcome.KERNEL_PANIC,
        "end Kernel panic",
        r"end Kernel panic - not syncing(?:: ?(?P<text>[^\n]{0,300}?))?(?: \]---)?$",
        "Kernel panic - not syncing[: {text}]",
        "[    1.3] ---[ end Kernel panic - not syncing: stack is gone ]---",
    ),
    decisive(
        "machine-id",
        Severity.PANIC,
        Outcome.KERNEL_PANIC,
        "unsupported machine ID",
        r"unrecognized/unsupported machine ID",
        "Error: unrecognized/unsupported machine ID",
        "Error: unrecognized/unsupported machine ID (r1 = 0x00000e05).",
    ),
    decisive(
        "processor-unsupported",
        Severity.PANIC,
        Outcome.KERNEL_PANIC,
        "unrecognized/unsupported processor|This kernel requires",
        r"unrecognized/unsupported processor variant|This kernel requires (?:an? )?\S{1,20} CPU",
        "the kernel does not run on this processor",
        "This kernel requires an x86-64 CPU, but only detected an i686 CPU.",
    ),
    decisive(
        "decompressor-halted",
        Severity.PANIC,
        Outcome.KERNEL_PANIC,
        "-- System halted",
        r"-- System halted",
        "the kernel's decompressor halted",
        " -- System halted",
    ),
    decisive(
        "xmon",
        Severity.PANIC,
        Outcome.KERNEL_PANIC,
        ": Vector: ",
        r"^cpu 0x[0-9a-f]{1,4}: Vector: (?P<vector>[0-9a-f]{3,4} \([^)\n]{1,40}\))",
        "xmon: {vector}",
        "cpu 0x2: Vector: 300 (Data Access) at [c00000003e6f7a30]",
    ),
    decisive(
        "xen-fatal",
        Severity.PANIC,
        Outcome.KERNEL_PANIC,
        "FATAL PAGE FAULT|FATAL TRAP",
        r"^(?:\(XEN\) )?FATAL (?:PAGE FAULT|TRAP)",
        "Xen: fatal trap",
        "(XEN) FATAL PAGE FAULT",
    ),
    decisive(
        "s390-disabled-wait",
        Severity.PANIC,
        Outcome.KERNEL_PANIC,
        "isabled wait",
        r"(?:HCPGIR450W CP entered; d|System stopped due to d|^D)isabled wait(?: PSW| state)?",
        "the processor entered a disabled wait",
        "HCPGIR450W CP entered; disabled wait PSW 00020001 80000000 00000000 0010F2C4",
    ),
)
