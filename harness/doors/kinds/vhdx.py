"""`vhdx`: firmware starts a VHDX, as Hyper-V's generation 2 takes it."""

from __future__ import annotations

from harness.doors.disks import disk_door
from harness.doors.door import Entry, Opened
from harness.image.media.convert import VHDX


def through(entry: Entry) -> Opened:
    """As `disk`."""
    return disk_door(entry, VHDX)
