"""The initrd: not there, cut short, of a form the kernel does not unpack, too large, or no archive at all.

The kernel's words are those of init/initramfs.c and lib/decompress*.c, QEMU's those of its loaders (hw/*/boot.c,
hw/i386/x86.c). What the file itself is like was read before the boot (`Facts.complaints`, `Facts.initrd`).
"""

from __future__ import annotations

import re

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.image.contents import Contents
from harness.preflight.need import Unmet, unmet
from harness.words import Outcome

_ENDS = (
    Outcome.NO_ROOTFS,
    Outcome.KERNEL_PANIC,
    Outcome.INIT_DIED,
    Outcome.HANG,
    Outcome.NO_OUTPUT,
    Outcome.OOM,
    Outcome.OOPS,
    Outcome.RESET_LOOP,
    Outcome.BOOTLOADER_FAILURE,
    Outcome.MACHINE_DIED,
    None,
)
_FAILED = r"Initramfs unpacking failed: ?(?P<how>[^\n]{0,120})|rootfs image is not initramfs \((?P<old>[^\n)]{0,120})\)"
_CUT = re.compile(r"truncated|unexpected EOF|EOF while reading|read error|out of input|ended early", re.IGNORECASE)
_UNKNOWN_FORM = re.compile(
    r"compression method (?P<form>\w{1,12}) not configured"
    r"|settings that are not supported by this (?P<decoder>\w{1,12}) decoder"
)
_NO_ROOM = (
    r"Initramfs unpacking failed: write error|initrd (?:extends beyond|too large|overwritten|is too large)"
    r"|(?:INITRD|initrd): 0x\S{1,40} (?:overlaps|extends)[^\n]{0,120}disabling initrd"
)
_QEMU_NO_ROOM = re.compile(r"initrd is too large|could not load initrd|initrd[^\n]{0,80} too large", re.IGNORECASE)
_KERNEL_TAKES = 48 << 20  # bytes that a kernel needs besides, roughly
_AGAIN = "make or fetch the initrd again and compare its size"


@explains(Weight.STATED, *_ENDS)
def ignored(case: Case) -> Cause | None:
    """The kernel has no code for one. With root= it was not meant to be used."""
    facts = case.facts
    if facts is None or facts.config is None or not facts.has_initrd or "root" in facts.words:
        return None
    lacking = unmet("BLK_DEV_INITRD", facts, early=True)
    if lacking is None:
        return None
    panic = case.said(r"Unable to mount root fs|Cannot open root device")
    return Cause(
        "initrd-format-unsupported",
        f"the kernel ignores the initrd that it was given: {lacking.what}",
        (panic.string if panic else "", lacking.what),
        "set CONFIG_BLK_DEV_INITRD=y",
    )


@explains(Weight.STATED, *_ENDS)
def too_big(case: Case) -> Cause | None:
    """Packed and unpacked it has to fit beside the kernel."""
    told = case.said(_NO_ROOM) or _QEMU_NO_ROOM.search(case.complaint)
    initrd, memory = case.facts.initrd if case.facts else None, case.memory_mib
    if not told and (initrd is None or not _is_too_big(initrd, memory << 20) or _was_unpacked(case)):
        return None
    sizes = f"packed {_mib(initrd.packed)} MiB, unpacked {_mib(initrd.unpacked)} MiB" if initrd else "of unknown size"
    sizes += f"; the machine has {memory} MiB" if memory else ""
    return Cause(
        "initrd-too-big",
        f"the initrd does not fit into the machine's memory: {sizes}",
        (told.string if told else "", sizes),
        "give the machine more memory (machine.memory), or make the initrd smaller",
    )


def _is_too_big(initrd: Contents, memory: int) -> bool:
    """Whether it is the initrd that does not fit; a kernel that needs nearly all of it does not fit without, either."""
    takes = initrd.packed + initrd.unpacked
    return takes + _KERNEL_TAKES > memory and 3 * takes >= memory


def _was_unpacked(case: Case) -> bool:
    return "init" in case.reached or case.said(r"^Run \S{1,200} as init process") is not None


@explains(Weight.STATED, *_ENDS)
def format_unsupported(case: Case) -> Cause | None:
    """The kernel says so; or its configuration does, and the file tells its form."""
    missing = _no_unpacker(case)
    found = case.said(_FAILED)
    form = found and _UNKNOWN_FORM.search(found["how"] or found["old"] or "")
    if missing is None and not form:
        return None
    if missing is None and case.facts and "initrd" in case.facts.complaints:
        return None
    what = missing.what if missing else "the kernel was built without it"
    forms = case.facts.initrd.forms if case.facts and case.facts.initrd else ()
    name = (form and (form["form"] or f"{form['decoder']}, in a way that its decoder does not have")) or next(
        (form for form in forms if form != "none"), "this form"
    )
    lines = (found.string if found else "", missing.what if missing else "", f"the initrd is packed by {name}")
    return Cause(
        "initrd-format-unsupported",
        f"the kernel cannot unpack the initrd, which is packed by {name}: {what}",
        tuple(line for line in lines if line),
        f"set {missing.symbol}=y, or pack the initrd in a form the kernel knows (gzip)"
        if missing
        else "pack the initrd in a form the kernel knows (gzip)",
    )


@explains(Weight.STATED, *_ENDS)
def truncated(case: Case) -> Cause | None:
    """It ends before its archive does."""
    complaint = case.facts.complaints.get("initrd", "") if case.facts else ""
    found = case.said(_FAILED)
    how = (found["how"] or found["old"] or "") if found else ""
    if not _CUT.search(complaint) and (complaint or not _CUT.search(how)):
        return None
    return Cause(
        "initrd-truncated",
        f"the initrd is cut short: {(complaint or how).removeprefix('truncated: ')}",
        tuple(line for line in (found.string if found else "", complaint) if line),
        _AGAIN,
    )


@explains(Weight.STATED, *_ENDS)
def garbage(case: Case) -> Cause | None:
    """No archive, or one that is damaged within."""
    complaint = case.facts.complaints.get("initrd", "") if case.facts else ""
    found = case.said(_FAILED)
    if not complaint and not found:
        return None
    how = (found["how"] or found["old"] or "") if found else ""
    return Cause(
        "initrd-garbage",
        f"the initrd file is none that a kernel can unpack: {complaint or how or 'the kernel refused it'}",
        tuple(line for line in (found.string if found else "", complaint) if line),
        _AGAIN,
    )


@explains(Weight.DEDUCED, Outcome.NO_ROOTFS, Outcome.KERNEL_PANIC, Outcome.RESET_LOOP)
def missing(case: Case) -> Cause | None:
    """No initrd was handed over, and nothing else to start from was named."""
    facts = case.facts
    if facts is None or facts.has_initrd or "root" in facts.words or (facts.buses and not facts.ours):
        return None
    panic = case.said(r"Unable to mount root fs|Cannot open root device|No working init found")
    if panic is None or facts.symbols.get("INITRAMFS_SOURCE", '""').strip('"'):
        return None
    return Cause(
        "initrd-missing",
        "the kernel was started without an initrd, and its command line names no root device",
        (panic.string, f"command line: {' '.join(facts.cmdline)}"),
        "hand an initrd over with --initrd, or name a root device with root=",
    )


def _no_unpacker(case: Case) -> Unmet | None:
    """What the kernel lacks for a form that the initrd has."""
    facts = case.facts
    if facts is None or facts.config is None or facts.initrd is None:
        return None
    entries = [facts.knowledge.compression.get(form) for form in dict.fromkeys(facts.initrd.forms)]
    needs = [need for entry in entries if entry for need in entry.needs]
    return next((missing for need in needs if (missing := unmet(need, facts, early=True))), None)


def _mib(size: int) -> int:
    return -(-size // (1 << 20))
