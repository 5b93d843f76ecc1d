"""What a firmware shows on its way to the kernel: the device that it starts, and the loader that it finds there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.boot.ladder import ConsoleRung, Rung
from harness.doors.door import Entry
from harness.machine.qemu.argv import Media

CD, DISK, NETWORK, WEB = "cd", "disk", "network", "web"

_GRUB = ConsoleRung("bootloader", re.compile(r"Welcome to GRUB"), "Welcome to GRUB")
_IPXE = ConsoleRung("bootloader", re.compile(r"boot\.ipxe : \d{1,9} bytes \[script\]"), "boot.ipxe : ")


def _chosen(pattern: str, needle: str) -> ConsoleRung:
    return ConsoleRung("boot-device", re.compile(pattern), needle)


def _started(device: str) -> ConsoleRung:
    return _chosen(rf"Booting from {device}\.\.\.", "Booting from ")


_BY_UEFI = re.compile(r"BdsDxe: starting Boot[0-9A-F]{4} \"(?!EFI Internal Shell)[^\n]{0,200}")
# It is a unified kernel image, whose stub says nothing of itself: on a CD or a disk, the device is what is seen.
_STARTED_BY_UEFI = ConsoleRung("boot-device", _BY_UEFI, "BdsDxe: starting ")
_LOADED_BY_UEFI = ConsoleRung("bootloader", _BY_UEFI, "BdsDxe: starting ")


@dataclass(frozen=True, slots=True)
class Kind:
    """A firmware's milestones by what it starts from; what is not in there, it cannot start from."""

    by_device: Mapping[str, tuple[Rung, ...]]

    def rungs(self, device: str) -> tuple[Rung, ...]:
        """In order."""
        return self.by_device[device]


_FIRMWARE: Mapping[str, Kind] = {
    "bios": Kind(
        {
            CD: (_started("DVD/CD"), _GRUB),
            DISK: (_started("Hard Disk"), _GRUB),
            NETWORK: (_started("ROM"), _IPXE),
            WEB: (_started("ROM"), _IPXE),
        }
    ),
    "uefi": Kind(
        {
            CD: (_STARTED_BY_UEFI,),
            DISK: (_STARTED_BY_UEFI,),
            NETWORK: (_chosen(r">>Start PXE over IPv4", ">>Start PXE"), _LOADED_BY_UEFI),
            WEB: (_chosen(r">>Start HTTP Boot over IPv4", ">>Start HTTP"), _LOADED_BY_UEFI),
        }
    ),
}


def of_firmware(entry: Entry) -> Kind:
    """The target's firmware. Raises InputError for a target that has none."""
    found = _FIRMWARE.get(entry.target.machine.firmware)
    if found is None:
        raise entry.refused(
            "has no firmware that could start it from a medium",
            "machine.firmware",
            "exclude these cells in matrix.yml, or give the target firmware: bios or uefi",
        )
    return found


def bare(entry: Entry) -> Media:
    """The machine without what it would be handed directly."""
    return replace(entry.direct, kernel=None, initrd=None, dtb=None, cmdline=())
