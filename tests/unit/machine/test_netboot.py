"""The network that a machine starts from: QEMU's own, which leads nowhere, with our server at one address of it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.machine.qemu.argv import BY_HAND, DiskFile, Media, Netboot, Wiring, qemu_argv, socket_of
from harness.machine.qemu.firmware import Firmware
from harness.plan.catalog import Catalog

CATALOG = Catalog()
FOLDER = Path("/media, with a comma/network")
WIRED = Wiring(*(socket_of(number) for number in (3, 4, 5)), web=socket_of(6))
UEFI = Firmware(Path("/code"), Path("/variables"))


def network_of(name: str, media: Media, wiring: Wiring = WIRED) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The first network's backend, its card, and the drivers of all devices in their order."""
    disks = tuple(DiskFile(Path(f"/disk{index}")) for index in range(len(CATALOG.target(name).disks)))
    argv = qemu_argv(CATALOG.target(name), replace(media, disks=disks), accelerator="tcg", wiring=wiring)
    (backend,) = (json.loads(value) for option, value in pairwise(argv) if option == "-netdev")
    devices = [json.loads(value) for option, value in pairwise(argv) if option == "-device"]
    (card,) = (device for device in devices if "netdev" in device)
    return backend, card, [device["driver"] for device in devices]


def test_pxe_of_a_bios() -> None:
    backend, card, _ = network_of("x86_64-cloud-kvm", Media(netboot=Netboot(FOLDER, "boot.ipxe")))
    assert (backend["restrict"], backend["tftp"], backend["bootfile"]) == (True, str(FOLDER), "boot.ipxe")
    assert card["bootindex"] == 0
    assert "rombar" not in card, "the card's ROM is what starts from the network"
    assert "guestfwd" not in backend


def test_pxe_of_uefi_has_randomness_before_the_card() -> None:
    _, card, drivers = network_of("arm64-cloud-graviton", Media(netboot=Netboot(FOLDER, "boot.efi"), firmware=UEFI))
    assert card["rombar"] == 0
    assert "bootindex" not in card, "EDK II would connect nothing else"
    assert drivers.index("virtio-rng-pci") < drivers.index("virtio-net-pci")


def test_http_is_one_address_of_the_guests_network() -> None:
    media = Media(netboot=Netboot(FOLDER, "boot.ipxe", web=True))
    backend, _, _ = network_of("x86_64-cloud-kvm", media)
    assert backend["guestfwd"] == [{"str": "tcp:10.0.2.100:80-chardev:web"}]
    assert backend["bootfile"] == "http://10.0.2.100/boot.ipxe"
    assert backend["restrict"] is True
    by_hand, _, _ = network_of("x86_64-cloud-kvm", media, BY_HAND)
    assert "guestfwd" not in by_hand, "there is no server by hand, and the same files come by TFTP"
    assert by_hand["bootfile"] == "boot.ipxe"


def test_a_loader_that_asks_by_itself() -> None:
    backend, card, drivers = network_of("arm64-cloud-virt", Media(netboot=Netboot(FOLDER, boots=False)))
    assert "bootfile" not in backend
    assert "bootindex" not in card
    assert "virtio-rng-pci" not in drivers


def test_without_it_nothing_is_served() -> None:
    backend, card, _ = network_of("x86_64-cloud-kvm", Media())
    assert backend.keys() == {"type", "id", "restrict"}
    assert card["rombar"] == 0


def test_a_boards_own_card_is_refused() -> None:
    with pytest.raises(InputError, match="own network card"):
        qemu_argv(CATALOG.target("sabrelite"), Media(netboot=Netboot(FOLDER)), accelerator="tcg")
