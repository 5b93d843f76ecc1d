"""`qcow2`: firmware starts a disk of QEMU's own format."""

from __future__ import annotations

from harness.doors.disks import disk_door
from harness.doors.door import Entry, Opened
from harness.image.media.convert import QCOW2


def through(entry: Entry) -> Opened:
    """As `disk`."""
    return disk_door(entry, QCOW2)
