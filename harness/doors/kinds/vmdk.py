"""`vmdk`: firmware starts a sparse VMDK, as VMware and VirtualBox take it."""

from __future__ import annotations

from harness.doors.disks import disk_door
from harness.doors.door import Entry, Opened
from harness.image.media.convert import VMDK


def through(entry: Entry) -> Opened:
    """As `disk`."""
    return disk_door(entry, VMDK)
