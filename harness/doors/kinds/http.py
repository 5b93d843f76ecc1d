"""`http`: firmware fetches what it starts by HTTP."""

from __future__ import annotations

from harness.doors.door import Entry, Opened
from harness.doors.firmware import WEB
from harness.doors.netboot import netboot_door


def through(entry: Entry) -> Opened:
    """A server of ours, on the guest's own network."""
    return netboot_door(entry, WEB, web=True)
