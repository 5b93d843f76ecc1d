"""`uboot-tftp`: U-Boot loads the kernel from the network."""

from __future__ import annotations

import re
from dataclasses import replace

from harness.boot.ladder import ConsoleRung
from harness.doors.door import Entry, Opened
from harness.doors.firmware import bare
from harness.doors.netboot import refuse_without_card, served_files
from harness.doors.uboot import board_of, uboot_door
from harness.machine.qemu.argv import Netboot

_GOT = ConsoleRung("boot-device", re.compile(r"^Bytes transferred = \d", re.MULTILINE), "Bytes transferred = ")


def through(entry: Entry) -> Opened:
    """QEMU's own network serves it; U-Boot is told what to ask for, and DHCP names no file."""
    board = board_of(entry)
    refuse_without_card(entry, frozenset({"virtio-net-pci"}))
    folder = entry.folder / "network"
    folder.mkdir()
    served_files(entry, folder)
    media = replace(bare(entry), netboot=Netboot(folder, boots=False))
    load = ("setenv autoload no", "dhcp")
    return uboot_door(
        entry, board, media, load=load, command="tftpboot {address} {file}", seen=_GOT, source="the network"
    )
