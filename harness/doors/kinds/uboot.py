"""`uboot`: U-Boot loads the kernel from the machine's own disk or card."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from harness.boot.ladder import ConsoleRung
from harness.doors.door import Entry, Opened
from harness.doors.firmware import bare
from harness.doors.uboot import INITRD, KERNEL, TREE, board_of, uboot_door
from harness.image.medium import fat_medium
from harness.image.scratch import label
from harness.machine.qemu.argv import DiskFile
from harness.machine.qemu.files import copy_sparse

_INTERFACES: Mapping[str, str] = {"virtio": "virtio", "sd": "mmc"}  # U-Boot's words for our buses
_READ = ConsoleRung("boot-device", re.compile(r"^\d{1,12} bytes read in \d", re.MULTILINE), "bytes read in ")
_LEAST = 64 << 20  # bytes


def through(entry: Entry) -> Opened:
    """The first disk keeps its label, in front of a partition with kernel and initrd."""
    board = board_of(entry)
    first = entry.target.disks[0] if entry.target.disks else None
    if first is None or first.bus not in _INTERFACES or first.content != "scratch":
        raise entry.refused(
            "has no disk that U-Boot could load from",
            "disks",
            f"the first has to be a scratch disk on {' or '.join(_INTERFACES)}",
        )
    files = {KERNEL: entry.kernel, INITRD: entry.initrd}
    if entry.direct.dtb:
        files[TREE] = entry.direct.dtb
    path = entry.folder / "boot.raw"
    copy_sparse(fat_medium(files, entry.store), path)
    with path.open("r+b") as disk:
        disk.write(label(0))
        # A card has a power of two.
        disk.truncate(max(_LEAST, 1 << (path.stat().st_size - 1).bit_length()))
    media = replace(bare(entry), disks=(DiskFile(path), *entry.direct.disks[1:]))
    interface = _INTERFACES[first.bus]
    command = f"load {interface} 0:1 {{address}} {{file}}"
    return uboot_door(entry, board, media, load=(), command=command, seen=_READ, source=interface)
