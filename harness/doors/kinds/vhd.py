"""`vhd`: firmware starts a fixed VHD, as Hyper-V's generation 1 and Azure take it."""

from __future__ import annotations

from harness.doors.disks import disk_door
from harness.doors.door import Entry, Opened
from harness.image.media.convert import VHD


def through(entry: Entry) -> Opened:
    """As `disk`."""
    return disk_door(entry, VHD)
