"""The kernel gave up: because somebody asked it to, in a driver, in itself, or without end in one place.

The words for a panic on request are those of drivers/tty/sysrq.c, kernel/panic.c and drivers/misc/lkdtm.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.diagnosis.diagnosis import Frame, Severity, Trace
from harness.words import Outcome

_PANICS = (Outcome.KERNEL_PANIC, Outcome.OOPS, Outcome.RESET_LOOP)
_REQUESTS = (
    (r"sysrq: (?:SysRq : )?Trigger a crash|not syncing: sysrq triggered crash", "somebody asked for it by SysRq c"),
    (r"lkdtm: Performing direct entry (?P<what>\w{1,40})", "LKDTM was told to make it"),
    (r"Kernel panic - not syncing: dumptest", "LKDTM was told to make it"),
    (r"not syncing: [^\n]{0,60}panic_on_warn set", "panic_on_warn makes a panic of every warning"),
    (r"not syncing: NMI: Not continuing", "an NMI came in that no driver handles, and unknown_nmi_panic asks for it"),
    (r"not syncing: [^\n]{0,60}panic_on_taint set", "panic_on_taint makes a panic of this taint"),
)
# Where a driver begins, seen from below: the function inside these is its own.
_ENTERED_FROM = re.compile(
    r"^(?:do_one_initcall|do_init_module|really_probe|call_driver_probe|local_pci_probe|usb_probe_interface"
    r"|(?:__)?handle_irq_event_percpu|(?:platform|pci_device|virtio_dev|i2c_device|spi|mmc_bus|amba|mdio|auxiliary_bus"
    r"|serio_driver|acpi_device)_(?:drv_)?probe)$"
)
_ENTRANCE = re.compile(
    r"^(?P<driver>\w{2,60}?)_(?:dev_|drv_|driver_|mod_|module_)?(?:probe|init|irq|interrupt|isr|handler)$"
)
_STUCK = {
    Outcome.LOCKUP: ("soft-lockup", "a processor ran in the kernel without end"),
    Outcome.RCU_STALL: ("rcu-stall", "a processor or a task kept RCU from getting on"),
    Outcome.HUNG_TASK: ("hung-task", "a task waits for something that never comes"),
}


@explains(Weight.STATED, *_PANICS)
def requested(case: Case) -> Cause | None:
    """On purpose: nothing is broken but the purpose."""
    for pattern, why in _REQUESTS:
        if found := case.all_said(pattern):
            to_do = "see who wrote it: a test, a watchdog's script, a word of the command line"
            evidence = (found[0].string, case.line)
            return Cause("panic-requested", f"the kernel panicked on request: {why}", evidence, to_do)
    return None


@explains(Weight.DEDUCED, *_PANICS)
def in_driver(case: Case) -> Cause | None:
    """The trace names a module, or a function that a bus, an interrupt or the list of initcalls called."""
    trace = _trace(case)
    found = _driver(trace) if trace else None
    if trace is None or found is None:
        return None
    driver, frame = found
    function = trace.function or frame.function
    return Cause(
        "panic-in-driver",
        f"the driver {driver} crashed the kernel, in {function}",
        (case.line, *_frames(trace)),
        f"boot without it (module_blacklist={driver}; initcall_blacklist= where it is built in), and report the trace",
    )


@explains(Weight.NAMED, Outcome.OOPS, Outcome.KERNEL_PANIC)
def in_kernel(case: Case) -> Cause | None:
    """No driver is to be seen in the trace."""
    trace = _trace(case)
    if trace is None or not trace.function:
        return None
    comm = trace.facts.get("comm")
    by = f", called by {comm}" if comm else ""
    return Cause(
        "kernel-bug",
        f"the kernel crashed in its own function {trace.function}{by}",
        (case.line, *_frames(trace)),
        "try the kernel without its last changes or with the next stable release, and report the trace",
    )


@explains(Weight.NAMED, *_STUCK)
def stuck(case: Case) -> Cause | None:
    """The kernel's own watchdogs say where it stood."""
    assert case.outcome is not None  # noqa: S101 - it is asked of these three only
    name, text = _STUCK[case.outcome]
    if case.outcome is Outcome.LOCKUP and case.said(r"hard LOCKUP|Hard LOCKUP"):
        name, text = "hard-lockup", "a processor ran in the kernel without end, and with its interrupts off"
    trace = case.trace
    where = f" in {trace.function}" if trace and trace.function else ""
    driver = _driver(trace) if trace else None
    whose = f" of the driver {driver[0]}" if driver else ""
    comm = trace.facts.get("comm") if trace else None
    task = case.said(r"(?:INFO: task (?P<task>\S{1,40}:\d{1,8})|stuck for \d{1,6}s! \[(?P<other>[^\]\n]{1,40})\])")
    who = (task["task"] or task["other"]) if task else comm
    return Cause(
        name,
        f"{text}{where}{whose}" + (f" (task {who})" if who else ""),
        (case.line, *(_frames(trace) if trace else ())),
        "look at the lock or the loop in that function; more processors or time would not help",
    )


def _trace(case: Case) -> Trace | None:
    """That of the fault; the panic that follows it only tells how it got to the panic."""
    diagnosis = case.diagnosis
    if diagnosis is None:
        return None
    if diagnosis.boots:
        findings = diagnosis.boots[diagnosis.decided].findings
        faults = [found.trace for found in findings if found.severity is Severity.OOPS and found.trace]
        if faults:
            return faults[0]
    return diagnosis.trace


def _driver(trace: Trace) -> tuple[str, Frame] | None:
    frames: Sequence[Frame] = [frame for frame in trace.frames if frame.reliable] or trace.frames
    for frame in frames:
        if frame.module:
            return frame.module, frame
    for inner, outer in pairwise(frames):
        is_inside = _ENTERED_FROM.match(outer.function) and not _ENTERED_FROM.match(inner.function)
        if is_inside and (entrance := _ENTRANCE.match(inner.function)):
            return entrance["driver"], inner
    return None


def _frames(trace: Trace) -> tuple[str, ...]:
    frames = [frame for frame in trace.frames if frame.reliable] or list(trace.frames)
    return tuple(f"{frame.function}{f' [{frame.module}]' if frame.module else ''}" for frame in frames[:5])
