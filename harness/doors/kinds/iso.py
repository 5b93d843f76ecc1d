"""`iso`: firmware starts a CD."""

from __future__ import annotations

from dataclasses import replace

from harness.doors.door import Entry, Opened
from harness.doors.firmware import CD, bare, rungs_of
from harness.image.medium import iso_medium


def through(entry: Entry) -> Opened:
    """The ISO is the machine's CD; its own disks stay."""
    rungs = rungs_of(entry, CD)
    path = iso_medium(entry.target, entry.kernel, entry.initrd, entry.cmdline, entry.store)
    return Opened(replace(bare(entry), iso=path), rungs)
