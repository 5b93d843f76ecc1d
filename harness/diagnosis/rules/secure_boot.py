"""Secure Boot: what EDK II's boot manager, shim and GRUB say of a program that they do not start."""

from __future__ import annotations

from harness.diagnosis.rule import firmware, loader

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
    loader(
        "shim-refused",
        "Verification failed: |Verifying shim SBAT|bad shim signature|Security Policy Violation",
        r"^(?:ERROR: )?Verification failed: \(0x1A\) Security Violation|^Verifying shim SBAT data failed"
        r"|^error: [^\n]{0,80}bad shim signature",
        "Secure Boot: the next program is not signed by a known key",
        "error: bad shim signature.",
    ),
)
