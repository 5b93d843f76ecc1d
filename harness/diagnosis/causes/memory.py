"""Memory of the guest that was not enough: for the kernel itself, or for what ran on it."""

from __future__ import annotations

import re

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
_QEMU_NO_ROOM = re.compile(r"too large to fit in RAM|too large for (?:RAM|memory)|[Nn]ot enough memory for kernel")
_LEAST_MIB = 48  # below it, a general-purpose kernel does not get to its console
_BESIDES = 4 << 20  # bytes that are taken besides kernel and initrd, at the least
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
    Outcome.MACHINE_DIED,
    None,
)


@explains(Weight.STATED, *_EARLY)
def too_small(case: Case) -> Cause | None:
    """It ran out before the first program was started, or the kernel does not even fit."""
    if case.target is None or case.said(_RUN) or "init" in case.reached:
        return None
    found = case.said(_NO_ROOM)
    refused = _QEMU_NO_ROOM.search(case.complaint)
    memory = case.memory_mib
    initrd = case.facts.initrd.packed if case.facts and case.facts.initrd else 0
    fits = case.footprint + initrd + _BESIDES <= memory << 20
    # A kernel that said something, if only to itself, is too large only where it says how large it is.
    is_mute = case.is_silent and (not fits or (memory < _LEAST_MIB and not case.memory))
    if found is None and refused is None and not is_mute:
        return None
    line = found.string if found else case.complaint if refused else case.line
    takes = f"the kernel says that it takes {-(-case.footprint // (1 << 20))} MiB" if case.footprint else ""
    return Cause(
        "memory-too-small",
        f"the machine's memory, {memory} MiB, is too small for this kernel",
        (line, f"the machine has {memory} MiB", takes),
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
    memory = f"the machine has {case.memory_mib} MiB" if case.memory_mib else ""
    who = f"; the kernel killed {killed['victim']}" if killed else ""
    return Cause(
        "guest-out-of-memory",
        f"the guest ran out of memory{who}",
        tuple(line for line in (found.string, asker.string if asker else "", memory) if line),
        "give the machine more memory (machine.memory), or find what takes it",
    )
