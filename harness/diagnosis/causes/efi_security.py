"""Secure Boot: a program that a machine does not start, since nobody whom it trusts has signed it as it is.

Words of EDK II (BdsDxe; EFI_ACCESS_DENIED and EFI_SECURITY_VIOLATION, UEFI 2.10, 7.4.1), of shim and of GRUB. In the
order of files this one stands before `firmware`, which would call the same a machine that finds nothing to boot.
"""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import BEFORE_KERNEL, Cause, Weight, explains

_REFUSED = (
    r'BdsDxe: failed to (?:load|start) Boot[0-9A-F]{4} "(?!EFI Internal Shell")[^\n]{0,400}'
    r": (?:Access Denied|Security Violation)"
    r"|Verification failed: \(0x1A\) Security Violation|Verifying shim SBAT data failed|bad shim signature"
)


@explains(Weight.STATED, *BEFORE_KERNEL)
def refused(case: Case) -> Cause | None:
    """The firmware, or a loader in its place."""
    found = case.said_before_kernel(_REFUSED)
    if found is None:
        return None
    who = "the firmware" if "BdsDxe" in found.string else "the boot loader"
    return Cause(
        "secure-boot-refused",
        f"Secure Boot: {who} refused a program that is not signed by a key of the machine, or was changed afterwards",
        (found.string,),
        "sign it last of all (sbsign, or a shim that Microsoft signed), and see by sbverify --list what signature it"
        " has; or use a target without Secure Boot",
    )
