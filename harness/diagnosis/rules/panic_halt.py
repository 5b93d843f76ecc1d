"""Kernels that stop without the words "Kernel panic": halted before there is a console, or only the end was kept."""

from __future__ import annotations

from harness.diagnosis.diagnosis import Severity
from harness.diagnosis.rule import decisive
from harness.words import Outcome

RULES = (
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
