"""Before any kernel: firmware that finds nothing to start, and what was handed over as a kernel and is none.

Words of SeaBIOS (boot.c), EDK II (BdsDxe), U-Boot (boot/bootmeth), s390's boot ROM (pc-bios/s390-ccw), SLOF and GRUB.
"""

from __future__ import annotations

import re

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.words import Outcome

_ENDS = (
    Outcome.FIRMWARE_FAILURE,
    Outcome.BOOTLOADER_FAILURE,
    Outcome.HANG,
    Outcome.NO_OUTPUT,
    Outcome.INCOMPLETE,
    Outcome.RESET_LOOP,
    Outcome.MACHINE_DIED,
    None,
)
_TRIED = r"^Booting from (?:Hard Disk|DVD|Floppy|ROM)|BdsDxe: (?:loading|starting) "
_NOTHING_TO_BOOT = (
    r"No bootable device|Boot failed: not a bootable disk|Boot failed: could not read the boot disk"
    r"|BdsDxe: No bootable option or device was found|BdsDxe: failed to load Boot\w{4} [^\n]{0,200}: Not Found"
    r"|UEFI Interactive Shell v|No more bootdevs|No bootable device found|No EFI system partition|^E3404: "
    r"|no such partition\.?$|MISSING_KERNEL|! No IPL device available|Operating System not found|No bootflows found"
)
_LOADER = (
    "see that the disk or ISO has a boot loader for this firmware (UEFI: an EFI system partition with "
    "EFI/BOOT/BOOT*.EFI; BIOS: a boot sector), and for this architecture"
)
_REFUSED = re.compile(
    r"could not load kernel|not a (?:valid )?(?:kernel|linux)|invalid kernel|error reading (?:initrd|kernel)"
    r"|could not (?:open|read) (?:\S{1,80} )?kernel|Error loading uncompressed kernel|invalid (?:kernel )?header"
    r"|kernel (?:file|image) too (?:big|small|short)|linux kernel too old|[Uu]nable to load kernel",
    re.IGNORECASE,
)
_FOR_ANOTHER = re.compile(r"kernel for (?P<arch>[\w-]{1,20})")
_BAD_MAGIC = (
    r"Bad Linux ARM(?:64)? (?:Image|zImage) magic|Wrong Image Format for boot\w? command|invalid (?:magic|kernel) "
    r"|error: [^\n]{0,80}(?:invalid magic number|not a valid EFI|plain image kernel not supported|invalid EFI)"
    r"|Loaded kernel's? (?:is )?not supported|is not an? (?:EFI|valid) (?:application|image)"
)


@explains(Weight.STATED, *_ENDS)
def kernel_of_another_arch(case: Case) -> Cause | None:
    """Its header was read before the boot, and the kernel never spoke."""
    complaint = case.facts.complaints.get("kernel", "") if case.facts else ""
    found = _FOR_ANOTHER.search(complaint)
    if found is None or "kernel" in case.reached or case.target is None:
        return None
    target = case.target.arch
    said = case.complaint if _REFUSED.search(case.complaint) else case.line
    return Cause(
        "kernel-wrong-arch",
        f"the kernel that was handed over is for {found['arch']}, and the machine is {target}",
        (f"the kernel {complaint}", said),
        f"hand over a kernel for {target}",
    )


@explains(Weight.STATED, *_ENDS)
def no_kernel(case: Case) -> Cause | None:
    """Neither the file's head nor a loader knows it."""
    complaint = case.facts.complaints.get("kernel", "") if case.facts else ""
    refused = _REFUSED.search(case.complaint)
    said = case.said(_BAD_MAGIC)
    if "kernel" in case.reached or not (complaint or refused or said):
        return None
    line = said.string if said else case.complaint if refused else case.line
    return Cause(
        "not-a-kernel",
        f"what was handed over as a kernel is {complaint or 'none that the loader takes'}",
        tuple(text for text in (f"the kernel file: {complaint}" if complaint else "", line) if text),
        "hand over a bzImage, Image, zImage, EFI or ELF kernel, and compare its size with the original's",
    )


@explains(Weight.STATED, *_ENDS)
def no_boot_device(case: Case) -> Cause | None:
    """Firmware looked everywhere, and says that there is nothing."""
    if "kernel" in case.reached:
        return None
    found = case.said(_NOTHING_TO_BOOT)
    if found is None:
        return None
    tried = [
        one.string for one in case.all_said(r"^Booting from (?:Hard Disk|DVD|Floppy|ROM)|BdsDxe: (?:loading|starting) ")
    ]
    return Cause(
        "no-boot-device", "the firmware finds nothing that it could boot", (found.string, *tried[-3:]), _LOADER
    )


@explains(Weight.NAMED, Outcome.HANG)
def nothing_started(case: Case) -> Cause | None:
    """A disk or an ISO: firmware was heard, and neither a boot loader nor, in memory, a kernel."""
    steps = set(case.reached) | ({step.name for step in case.diagnosis.milestones} if case.diagnosis else set())
    if case.facts is not None or steps != {"firmware"} or case.memory:
        return None
    return Cause(
        "no-boot-device",
        "the firmware ran, and started nothing from what it was given",
        (*case.console[-3:], "no kernel is in guest memory"),
        _LOADER,
    )
