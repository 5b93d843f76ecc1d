"""What all doors share by which firmware starts a disk."""

from __future__ import annotations

from dataclasses import replace

from harness.doors.door import Entry, Opened
from harness.doors.firmware import DISK, bare, rungs_of
from harness.image.media.convert import RAW, DiskFormat
from harness.image.medium import disk_medium
from harness.machine.qemu.argv import DiskFile
from harness.machine.qemu.files import copy_sparse


def disk_door(entry: Entry, form: DiskFormat = RAW) -> Opened:
    """The disk is one more than the machine's own, and firmware is told to start it. It gets a copy: it may write."""
    rungs = rungs_of(entry, DISK)
    path = disk_medium(entry.target, form, entry.kernel, entry.initrd, entry.cmdline, entry.store)
    disk = entry.folder / f"boot.{form.name}"
    copy_sparse(path, disk)
    disks = (*entry.direct.disks, DiskFile(disk, form.driver, boots=True))
    return Opened(replace(bare(entry), disks=disks), rungs)
