"""What Secure Boot refused, and what is close to it and is none of its."""

from __future__ import annotations

import pytest

from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, Bench

LOADING = 'BdsDxe: loading Boot0001 "UEFI QEMU NVMe Ctrl a 1" from PciRoot(0x0)/Pci(0x1,0x0)/NVMe(0x1,00-00)'
DENIED = f"{LOADING.replace('loading', 'failed to load')}: Access Denied"
NOTHING = "BdsDxe: No bootable option or device was found."
SHELL = 'BdsDxe: failed to start Boot0002 "EFI Internal Shell" from Fv(64074AFE)/FvFile(7C04A583): Security Violation'


@pytest.mark.parametrize(
    ("outcome", "line", "who"),
    [
        (Outcome.FIRMWARE_FAILURE, DENIED, "the firmware"),
        (Outcome.FIRMWARE_FAILURE, SHELL.replace("EFI Internal Shell", "disk"), "the firmware"),
        (Outcome.BOOTLOADER_FAILURE, "error: bad shim signature.", "the boot loader"),
        (Outcome.HANG, "Verification failed: (0x1A) Security Violation", "the boot loader"),
    ],
)
def test_it_was_refused(bench: Bench, outcome: Outcome, line: str, who: str) -> None:
    cause = bench.cause(outcome, LOADING, line, NOTHING)
    assert cause
    assert cause.id == "secure-boot-refused"
    assert who in cause.text
    assert cause.evidence == (line,)


def test_a_machine_that_found_nothing_refuses_its_own_shell(bench: Bench) -> None:
    missing = DENIED.replace("Access Denied", "Not Found")
    assert bench.id(Outcome.FIRMWARE_FAILURE, missing, SHELL, NOTHING) == "no-boot-device"


def test_a_kernel_that_was_started_after_all(bench: Bench) -> None:
    assert bench.id(Outcome.HANG, DENIED, BANNER, reached=("firmware", "kernel")) != "secure-boot-refused"
