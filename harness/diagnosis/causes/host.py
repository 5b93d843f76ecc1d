"""QEMU and the host: killed, refused to start, out of memory or disk. What the guest did is no matter then.

QEMU's words are those of system/vl.c, util/oslib-posix.c, hostmem and the block layer; `nospace` and `reason` are QMP's
(qapi/block-core.json BLOCK_IO_ERROR, qapi/run-state.json).
"""

from __future__ import annotations

import re

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.words import Outcome, Source

_NO_MEMORY = re.compile(r"[Cc]annot allocate memory|cannot set up guest memory|Failed to allocate memory|os error 12\b")
_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded|os error 28\b")
_STARTED = re.compile(r"before the machine could start: (?P<words>[^\n]{0,600})")
_KILLED = re.compile(r"killed by (?P<signal>SIG[A-Z]{1,10}) before the machine could start")
_LINE_ENDED = re.compile(r"^board [^\n:]{1,80}: console (?P<console>\S{1,200}) (?:has ended|was lost)")
# A process that is killed without a word of its own: by the kernel of the host where memory ran out, or by somebody.
_FROM_OUTSIDE = frozenset({"SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"})


@explains(Weight.HOST)
def out_of_memory(case: Case) -> Cause | None:
    """QEMU could not get the guest's memory."""
    found = _NO_MEMORY.search(case.complaint)
    if found is None:
        return None
    return Cause(
        "host-out-of-memory",
        "the host could not give QEMU the memory of the guest",
        (case.complaint, f"the machine has {case.memory_mib} MiB" if case.memory_mib else ""),
        "run fewer boots at once (-j), give the host more memory, or the target less (machine.memory)",
    )


@explains(Weight.HOST)
def out_of_disk(case: Case) -> Cause | None:
    """A disk of the host is full: QEMU stopped the guest at a write, or a record could not be written."""
    errors = [event for event in case.told if event.kind == "BLOCK_IO_ERROR" and event.data.get("nospace")]
    if not errors and not _NO_ROOM.search(f"{case.complaint} {case.line}"):
        return None
    line = errors[0].text if errors else case.complaint or case.line
    return Cause(
        "host-out-of-disk",
        "the host's disk is full: QEMU could not write what the guest wrote" if errors else "the host's disk is full",
        (line,),
        "make room where the run's folder lies, or name another place with --out",
    )


@explains(Weight.NAMED, Outcome.MACHINE_DIED, None)
def refused(case: Case) -> Cause | None:
    """QEMU said what it did not like, and ended before the guest ran."""
    found = _STARTED.search(case.trouble)
    if found is None and case.outcome is Outcome.MACHINE_DIED and case.exit and case.exit.data.get("status"):
        words = case.exit.text.partition(": ")[2] or case.exit.text
    elif found:
        words = found["words"]
    else:
        return None
    return Cause(
        "qemu-refused",
        f"QEMU refused this machine: {words}",
        (case.complaint,),
        "change what it names: in target.yml, or the file that was handed over; bootmatrix doctor tells QEMU's version",
    )


@explains(Weight.HOST, Outcome.MACHINE_DIED, None)
def killed(case: Case) -> Cause | None:
    """A signal ended it: from outside, or a fault of its own."""
    early = _KILLED.search(case.trouble)
    signal = early["signal"] if early else str(case.exit.data.get("signal") or "") if case.exit else ""
    if not signal:
        return _stopped(case)
    if signal in _FROM_OUTSIDE:
        text = f"somebody, or the host's kernel, ended QEMU by {signal}"
        to_do = "see whether the host ran out of memory (dmesg: Out of memory: Killed process), or who killed it"
    else:
        text = f"QEMU itself crashed ({signal})"
        to_do = "try another version of QEMU, and report it there with the command below"
    return Cause("qemu-killed", text, (case.complaint,), to_do)


@explains(Weight.HOST, Outcome.MACHINE_DIED)
def console_gone(case: Case) -> Cause | None:
    """A board's serial line ended on the host's side; of the board nothing is known any more."""
    found = _LINE_ENDED.search(case.complaint)
    if found is None:
        return None
    return Cause(
        "console-lost",
        f"the host's end of the board's console is gone: {found['console']}",
        (case.complaint, *case.console[-1:]),
        "see that the serial adapter is plugged in (dmesg of the host), and that nobody else uses its device",
    )


def _stopped(case: Case) -> Cause | None:
    """Asked to end by a signal it handles, QEMU shuts down and tells of it; an error of a disk only stops the guest."""
    for event in reversed(case.told):
        reason = str(event.data.get("reason", ""))
        if event.source is Source.QMP and event.kind == "SHUTDOWN" and reason == "host-signal":
            to_do = "see who sent it: a service manager, a time limit, a shell that was closed"
            return Cause("qemu-killed", "somebody ended QEMU by a signal", (event.text,), to_do)
        if event.kind == "BLOCK_IO_ERROR":
            to_do = "see that the image file is readable and whole (qemu-img check)"
            return Cause("host-disk-error", "QEMU could not read or write a disk of the guest", (event.text,), to_do)
    return None
