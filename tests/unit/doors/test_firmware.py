"""What firmware shows on its way, as it was seen: each door's milestones, whatever the screen does to the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.boot.lines import clean
from harness.doors.door import Entry, through
from harness.doors.firmware import CD, DISK, NETWORK, WEB, rungs_of
from harness.errors import InputError
from harness.machine.qemu.argv import Media
from harness.plan.catalog import Catalog
from harness.plan.matrix import MEDIA
from harness.store import Store
from harness.words import Event, Source

CATALOG = Catalog()
BIOS, X86, ARM64, RISCV64 = (
    "x86_64-baremetal-bios",
    "x86_64-baremetal-uefi",
    "arm64-baremetal-uefi",
    "riscv64-baremetal-uefi",
)
GRUB = b"GRUB loading...\r\n\x1b[0;30;47mWe\x1b[04;02H\x1b[04;03Hlcome to GRUB\x1b[H\x1b[J\x1b[1;1H!\r\n"
STARTS = b'\x1b[2J\x1b[01;01HBdsDxe: starting Boot0001 "UEFI QEMU NVMe Ctrl bootmatrix1 1" from PciRoot(0x0)\r\n'
SHELL = b'BdsDxe: starting Boot0002 "EFI Internal Shell" from Fv(64074AFE)/FvFile(7C04A583)\r\n'
PXE = b">>Start PXE over IPv4.\r\n  NBP filename is boot.efi\r\n  NBP file downloaded successfully.\r\n"
HTTP = b">>Start HTTP Boot over IPv4....\r\n  URI: http://10.0.2.100/boot.efi\r\n"
IPXE = b"Booting from ROM...\r\niPXE initialising devices...ok\r\nboot.ipxe : 84 bytes [scr\x1b[24;01Hipt]\r\n"


def entry_of(name: str, folder: Path) -> Entry:
    files = [folder / "kernel", folder / "initrd"]
    return Entry(CATALOG.target(name), Media(kernel=files[0], initrd=files[1]), folder, Store(folder / "store"))


def seen(name: str, device: str, text: bytes, folder: Path) -> list[str]:
    """The milestones that this console shows."""
    event = Event(1.0, Source.CONSOLE, "lines", clean(text))
    return [rung.name for rung in rungs_of(entry_of(name, folder), device) if rung.sighted(event)]


@pytest.mark.parametrize(
    ("name", "device", "text", "wanted"),
    [
        (BIOS, DISK, b"Booting from Hard Disk...\r\n" + GRUB, ["boot-device", "bootloader"]),
        (BIOS, CD, b"Booting from DVD/CD...\r\n" + GRUB, ["boot-device", "bootloader"]),
        (BIOS, CD, b"Booting from Hard Disk...\r\n", []),
        (BIOS, NETWORK, IPXE, ["boot-device", "bootloader"]),
        (X86, DISK, STARTS, ["boot-device"]),
        (X86, DISK, SHELL, []),
        (ARM64, NETWORK, PXE, ["boot-device", "bootloader"]),
        (ARM64, WEB, HTTP + STARTS, ["boot-device", "bootloader"]),
        (ARM64, WEB, HTTP + SHELL, ["boot-device"]),
        (RISCV64, NETWORK, PXE, ["boot-device", "bootloader"]),
    ],
)
def test_what_a_firmware_shows(name: str, device: str, text: bytes, wanted: list[str], tmp_path: Path) -> None:
    assert seen(name, device, text, tmp_path) == wanted


@pytest.mark.parametrize("media", sorted(set(MEDIA) - {"direct"}))
def test_a_board_without_any_door_is_refused_before_anything_is_made(media: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        through(media, entry_of("raspi2b", tmp_path))
    assert "raspi2b" in str(refused.value)
    assert "target.yml" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_firmware_that_cannot_start_from_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot start from there"):
        through("http", entry_of(RISCV64, tmp_path))


def test_a_card_that_its_firmware_does_not_drive(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no network card that its firmware can boot from \(igb\)"):
        through("network", entry_of(X86, tmp_path))
