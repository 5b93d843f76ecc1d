"""Between firmware and kernel: each cause, and what is close to it and is none."""

from __future__ import annotations

import pytest

from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, Bench

FIRMWARE, LOADER = Outcome.FIRMWARE_FAILURE, Outcome.BOOTLOADER_FAILURE


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("tftp://10.0.2.2/boot.ipxe... No such file or directory (http://ipxe.org/2d0c613b)", "netboot-file-missing"),
        ("  PXE-E23: Client received TFTP error from server.", "netboot-file-missing"),
        ("TFTP error: 'File not found' (1)", "netboot-file-missing"),
        ("Configuring (net0 52:54:00:12:34:56).................. No configuration methods", "netboot-no-answer"),
        ("tftp://10.0.2.200/boot.ipxe... Connection timed out (http://ipxe.org/4c0a6035)", "netboot-no-answer"),
        ("  PXE-E16: No valid offer received.", "netboot-no-answer"),
        ("Retry time exceeded; starting again", "netboot-no-answer"),
        (
            'BdsDxe: failed to load Boot0002 "UEFI PXEv4 (MAC:525400123456)" from PciRoot(0x0): Not Found',
            "netboot-no-answer",
        ),
        ("error: file `/boot/kernel' not found.", "loader-file-missing"),
        ("Failed to load 'kernel'", "loader-file-missing"),
    ],
)
def test_what_a_door_says(bench: Bench, line: str, wanted: str) -> None:
    cause = bench.cause(FIRMWARE, "iPXE initialising devices...ok", line, "No bootable device.", reached=())
    assert cause
    assert cause.id == wanted
    assert cause.evidence[0] == line
    after_all = bench.id(Outcome.HANG, line, BANNER)
    assert after_all not in ("netboot-file-missing", "netboot-no-answer", "loader-file-missing")


def test_a_file_is_named(bench: Bench) -> None:
    cause = bench.cause(LOADER, "U-Boot 2025.01", "Failed to load 'kernel'", reached=())
    assert cause
    assert "does not find kernel on" in cause.text


def test_an_answer_wins_over_a_boot_option_that_failed(bench: Bench) -> None:
    """EDK II says of both that it is not found."""
    failed = 'BdsDxe: failed to load Boot0002 "UEFI PXEv4 (MAC:525400123456)" from PciRoot(0x0): Not Found'
    assert bench.id(FIRMWARE, "  PXE-E23: Client received TFTP error from server.", failed) == "netboot-file-missing"


def test_a_link_that_is_up_is_no_cause(bench: Bench) -> None:
    assert bench.id(FIRMWARE, "  [Link:up, TX:0 TXE:0 RX:0 RXE:0]", "No bootable device.") == "no-boot-device"
