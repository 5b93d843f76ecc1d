"""What a firmware shows on its way to the kernel: the device that it starts, and the loader that it finds there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from harness.boot.ladder import ConsoleRung, Rung
from harness.doors.door import Entry
from harness.machine.qemu.argv import Media
from harness.words import Arch

CD, DISK, NETWORK, WEB = "CD", "disk", "network", "HTTP"


def _on_screen(name: str, text: str) -> ConsoleRung:
    """SeaBIOS puts the PC's screen on the serial line, and its cursor moves in between any two characters."""
    return ConsoleRung(name, re.compile(" *".join(re.escape(char) for char in text if char != " ")))


def _started(device: str) -> ConsoleRung:
    return _on_screen("boot-device", f"Booting from {device}...")


def _chosen(pattern: str, needle: str) -> ConsoleRung:
    return ConsoleRung("boot-device", re.compile(pattern), needle)


_GRUB = _on_screen("bootloader", "Welcome to GRUB")
_IPXE = _on_screen("bootloader", "bytes [script]")
_BY_UEFI = re.compile(r"BdsDxe: starting Boot[0-9A-F]{4} \"(?!EFI Internal Shell)[^\n]{0,200}")
# It is a unified kernel image, whose stub says nothing of itself: on a CD or a disk, the device is what is seen.
_STARTED_BY_UEFI = ConsoleRung("boot-device", _BY_UEFI, "BdsDxe: starting ")
_LOADED_BY_UEFI = ConsoleRung("bootloader", _BY_UEFI, "BdsDxe: starting ")
_BY_PXE = (
    _chosen(r">>Start PXE over IPv4", ">>Start PXE"),
    ConsoleRung("bootloader", re.compile(r"NBP file downloaded successfully"), "NBP file downloaded"),
)
_BY_HTTP = (_chosen(r">>Start HTTP Boot over IPv4", ">>Start HTTP"), _LOADED_BY_UEFI)

# A firmware's milestones by what it starts from; what is not there, it cannot start from.
_BIOS: Mapping[str, tuple[Rung, ...]] = {
    CD: (_started("DVD/CD"), _GRUB),
    DISK: (_started("Hard Disk"), _GRUB),
    NETWORK: (_started("ROM"), _IPXE),
    WEB: (_started("ROM"), _IPXE),
}
_UEFI: Mapping[str, tuple[Rung, ...]] = {
    CD: (_STARTED_BY_UEFI,),
    DISK: (_STARTED_BY_UEFI,),
    NETWORK: _BY_PXE,
    WEB: _BY_HTTP,
}
# This build of EDK II is mute about a device that it starts, and knows no URIs.
_UEFI_RISCV64: Mapping[str, tuple[Rung, ...]] = {CD: (), DISK: (), NETWORK: _BY_PXE}


def rungs_of(entry: Entry, device: str) -> tuple[Rung, ...]:
    """What the target's firmware shows when it starts from this. Raises InputError where it cannot."""
    firmware = entry.target.machine.firmware
    if firmware == "none":
        raise entry.refused(
            "has no firmware that could start it from a medium",
            "machine.firmware",
            "exclude these cells in matrix.yml, or give the target firmware: bios or uefi",
        )
    known = _BIOS if firmware == "bios" else _UEFI_RISCV64 if entry.target.arch is Arch.RISCV64 else _UEFI
    if device not in known:
        raise entry.refused(
            "has a firmware that cannot start from there",
            "machine.firmware",
            f"exclude these cells in matrix.yml; it starts from {', '.join(known)}",
        )
    return known[device]


def bare(entry: Entry) -> Media:
    """The machine without what it would be handed directly."""
    return replace(entry.direct, kernel=None, initrd=None, dtb=None, cmdline=())
