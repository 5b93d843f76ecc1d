"""`network`: PXE, by DHCP and TFTP."""

from __future__ import annotations

from harness.doors.door import Entry, Opened
from harness.doors.firmware import NETWORK
from harness.doors.netboot import netboot_door


def through(entry: Entry) -> Opened:
    """QEMU's own network serves it."""
    return netboot_door(entry, NETWORK)
