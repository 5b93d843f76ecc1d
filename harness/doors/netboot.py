"""What all doors share by which firmware starts from the network."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from harness.doors.door import Entry, Opened
from harness.doors.firmware import bare, rungs_of
from harness.image.medium import efi_program
from harness.machine.qemu.argv import Netboot, web_address
from harness.machine.qemu.variables import start_once_from

KERNEL, INITRD = "kernel", "initrd.img"
SCRIPT, PROGRAM = "boot.ipxe", "boot.efi"
# Cards that both iPXE's ROMs in QEMU and EDK II drive; of those of the targets, it is the one.
_CARDS = frozenset({"virtio-net-pci"})
_ROMS = frozenset({"virtio-net-pci", "e1000", "e1000e", "rtl8139", "pcnet", "vmxnet3", "ne2k_pci"})


def netboot_door(entry: Entry, device: str, *, web: bool = False) -> Opened:
    """Firmware asks DHCP for a file and starts it: iPXE's script for a BIOS, an EFI program for UEFI.

    `device`: the word of `firmware.py`. `web`: HTTP in the place of TFTP.
    """
    rungs = rungs_of(entry, device)
    by_uefi = entry.target.machine.firmware == "uefi"
    refuse_without_card(entry, _CARDS if by_uefi else _ROMS)
    folder = entry.folder / "network"
    folder.mkdir()
    file = _program(entry, folder) if by_uefi else _script(entry, folder)
    if web and entry.direct.firmware:  # DHCP of QEMU's network cannot give a URI as UEFI wants it
        start_once_from(entry.direct.firmware, f"http://{web_address(entry.target.nics[0])}/{file}")
    netboot = Netboot(folder, file, web=web)
    return Opened(replace(bare(entry), netboot=netboot), rungs)


def refuse_without_card(entry: Entry, cards: frozenset[str]) -> None:
    """Raises InputError where the first card is none of these."""
    model = entry.target.nics[0].model if entry.target.nics else None
    if model not in cards:
        raise entry.refused(
            f"has no network card that its firmware can boot from ({model or 'none'})",
            "nics",
            f"exclude these cells in matrix.yml, or take one of {', '.join(sorted(cards))}",
        )


def served_files(entry: Entry, folder: Path) -> None:
    """Kernel and initrd, as links: a server reads them, and nobody writes them."""
    (folder / KERNEL).symlink_to(entry.kernel)
    (folder / INITRD).symlink_to(entry.initrd)


def _script(entry: Entry, folder: Path) -> str:
    served_files(entry, folder)
    # iPXE knows no quotes: to it a command line is words, which is what a target's is.
    lines = ["#!ipxe", f"kernel {KERNEL} initrd={INITRD} {entry.cmdline}", f"initrd {INITRD}", "boot"]
    (folder / SCRIPT).write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return SCRIPT


def _program(entry: Entry, folder: Path) -> str:
    made = efi_program(entry.target, entry.kernel, entry.initrd, entry.cmdline, entry.store)
    shutil.copyfile(made, folder / PROGRAM)
    return PROGRAM
