"""Memory of the guest that was not enough: for the kernel itself, or for what ran on it."""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.words import Outcome

_RUN = r"^Run \S{1,200} as init process"
_NO_ROOM = (
    r"System is deadlocked on memory|Out of memory and no killable processes|Out of memory: Killed process"
    r"|[Ff]ailed to allocate (?:0x)?[0-9a-f]{1,16} bytes|memblock[^\n]{0,40}: Failed|cannot allocate \S{1,30} bytes"
    r"|EFI stub: ERROR: Failed to allocate|Not enough memory|insufficient memory|not enough RAM"
    r"|Failed to (?:relocate|reserve) [^\n]{0,40}memory"
)
_KILLED = r"Out of memory(?:: | \([^)\n]{1,40}\): )Kill(?:ed)? process \d{1,8} \((?P<victim>[^)\n]{1,40})\)"
_DEADLOCKED = r"System is deadlocked on memory|Out of memory and no killable|Out of memory: compulsory panic"
_LEAST_MIB = 64  # below it, a general-purpose kernel of a 64-bit machine does not get to its console
_EARLY = (
    Outcome.OOM,
    Outcome.KERNEL_PANIC,
    Outcome.OOPS,
    Outcome.HANG,
    Outcome.NO_OUTPUT,
    Outcome.RESET_LOOP,
    Outcome.NO_ROOTFS,
    Outcome.BOOTLOADER_FAILURE,
    Outcome.FIRMWARE_FAILURE,
)


@explains(Weight.DEDUCED, *_EARLY)
def too_small(case: Case) -> Cause | None:
    """It ran out before the first program was started, or the kernel never said a word on a tiny machine."""
    if case.facts is None or case.said(_RUN) or "init" in case.reached:
        return None
    memory = case.facts.target.machine.memory
    found = case.said(_NO_ROOM)
    mute = not case.console and not case.memory and memory < _LEAST_MIB
    if found is None and not mute:
        return None
    kernel = f"the kernel file has {-(-case.kernel_bytes // (1 << 20))} MiB" if case.kernel_bytes else ""
    has = f"the machine has {memory} MiB"
    return Cause(
        "memory-too-small",
        f"the machine's memory, {memory} MiB, is too small for this kernel",
        tuple(line for line in (found.string if found else case.line, has, kernel) if line),
        f"give it more, such as machine.memory: {max(128, 2 * memory)}",
    )


@explains(Weight.NAMED, Outcome.OOM, Outcome.KERNEL_PANIC)
def ran_out(case: Case) -> Cause | None:
    """A program took it all."""
    killed = case.said(_KILLED)
    found = killed or case.said(_DEADLOCKED)
    if found is None:
        return None
    asker = case.said(r"^(?P<asker>[^\n]{1,64}) invoked oom-killer: ")
    memory = f"the machine has {case.facts.target.machine.memory} MiB" if case.facts else ""
    who = f"; the kernel killed {killed['victim']}" if killed else ""
    return Cause(
        "guest-out-of-memory",
        f"the guest ran out of memory{who}",
        tuple(line for line in (found.string, asker.string if asker else "", memory) if line),
        "give the machine more memory (machine.memory), or find what takes it",
    )
