"""Secure Boot: what firmware says of a program that it does not start. shim and GRUB: `bootloader`."""

from __future__ import annotations

from harness.diagnosis.rule import firmware

RULES = (
    firmware(
        "efi-refused",
        "Access Denied|Security Violation",
        # Its own shell it refuses too, where it found nothing else.
        r'BdsDxe: failed to (?:load|start) Boot[0-9A-F]{4} "(?!EFI Internal Shell")(?P<option>[^"\n]{0,80})"'
        r"[^\n]{0,400}: (?:Access Denied|Security Violation)",
        "Secure Boot refused {option}",
        'BdsDxe: failed to load Boot0001 "UEFI Sample Disk" from PciRoot(0x0)/Pci(0x4,0x0): Access Denied',
        live=True,
    ),
    firmware(
        "bios-refused",
        "image did not authenticate|nvalid signature detected|failed to verify with|Operating System Loader "
        "|image's hash is not allowed|Failed Secure Boot Verification",
        r"^Selected boot image did not authenticate|^Invalid signature detected\. Check Secure Boot"
        r"|^(?:The )?[Ii]mage failed to verify with \*ACCESS DENIED\*"
        r"|^Operating System Loader (?:has no signature|failed signature verification|signature (?:not )?found in)"
        r"|\bThe (?:un)?signed image's hash is not allowed"
        r"|^Boot Failed\. EFI [^\n]{3,60}\. Failed Secure Boot Verification",
        "Secure Boot refused the boot loader",
        "Selected boot image did not authenticate.",
    ),
)
