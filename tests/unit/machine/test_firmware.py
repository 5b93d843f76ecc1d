"""UEFI firmware is found by QEMU's descriptors: the administrator's first, no secure boot, damaged ones passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HostError
from harness.machine.qemu.firmware import find_uefi
from harness.words import Arch


class Shelf:
    """Two folders of descriptors: `etc` comes before `usr`."""

    def __init__(self, root: Path) -> None:
        self.etc, self.usr = root / "etc", root / "usr"
        self.root = root
        self.etc.mkdir()
        self.usr.mkdir()

    def file(self, name: str) -> str:
        path = self.root / name
        path.write_bytes(b"code")
        return str(path)

    def descriptor(self, name: str, **more: Any) -> dict[str, Any]:
        return {
            "interface-types": ["uefi"],
            "mapping": {
                "device": "flash",
                "executable": {"filename": self.file(f"{name}.code"), "format": "raw"},
                "nvram-template": {"filename": self.file(f"{name}.vars"), "format": "raw"},
            },
            "targets": [{"architecture": "x86_64", "machines": ["pc-i440fx-*", "pc-q35-*"]}],
            "features": ["acpi-s3", "verbose-dynamic"],
            **more,
        }

    def put(self, folder: Path, name: str, **more: Any) -> None:
        (folder / f"{name}.json").write_text(json.dumps(self.descriptor(name, **more)))

    def find(self, arch: Arch = Arch.X86_64, machine: str = "q35", *, secure: bool = False) -> str:
        return find_uefi(arch, machine, (self.etc, self.usr), secure=secure).code.stem


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_first_by_name(shelf: Shelf) -> None:
    shelf.put(shelf.usr, "60-b")
    shelf.put(shelf.usr, "50-a")
    assert shelf.find() == "50-a"


def test_administrators_file_replaces_the_packages(shelf: Shelf) -> None:
    shelf.put(shelf.usr, "50-a")
    (shelf.etc / "50-a.json").write_text(json.dumps(shelf.descriptor("mine")))
    assert shelf.find() == "mine"


def test_empty_file_masks(shelf: Shelf) -> None:
    shelf.put(shelf.usr, "50-a")
    shelf.put(shelf.usr, "60-b")
    (shelf.etc / "50-a.json").write_bytes(b"")
    assert shelf.find() == "60-b"


@pytest.mark.parametrize("features", [["requires-smm"], ["enrolled-keys", "secure-boot"]])
def test_special_builds_are_skipped(shelf: Shelf, features: list[str]) -> None:
    shelf.put(shelf.usr, "40-special", features=features)
    shelf.put(shelf.usr, "50-plain")
    assert shelf.find() == "50-plain"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "7",
        "null",
        '{"interface-types": 7}',
        '{"interface-types": ["uefi"], "mapping": {"device": "flash"}, "targets": [7]}',
        '{"interface-types": ["uefi"], "mapping": []}',
        '{"interface-types": ["uefi"], "mapping": {"device": "flash"}, "features": 3}',
        '{"interface-types": ["uefi"], "mapping": {"device": "flash", "executable": {"filename": 3}, '
        '"nvram-template": {"filename": 4}}, "targets": [{"architecture": "x86_64", "machines": ["pc-q35-*"]}]}',
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
def test_damaged_descriptor_is_passed_over(shelf: Shelf, text: str | bytes) -> None:
    (shelf.usr / "10-bad.json").write_bytes(text.encode() if isinstance(text, str) else text)
    shelf.put(shelf.usr, "50-good")
    assert shelf.find() == "50-good"


def test_missing_file_is_passed_over(shelf: Shelf) -> None:
    shelf.put(shelf.usr, "10-gone")
    (shelf.root / "10-gone.vars").unlink()
    shelf.put(shelf.usr, "50-good")
    assert shelf.find() == "50-good"


@pytest.mark.parametrize(
    ("pattern", "machine", "fits"),
    [
        ("pc-q35-*", "q35", True),
        ("pc-q35-*", "pc-q35-9.2", True),
        ("virt-*", "virt", True),
        ("virt", "virt", True),
        ("virt-*", "raspi3b", False),
        ("pc-i440fx-*", "q35", False),
    ],
)
def test_machines(shelf: Shelf, pattern: str, machine: str, fits: bool) -> None:
    shelf.put(shelf.usr, "50-a", targets=[{"architecture": "x86_64", "machines": [pattern]}])
    if fits:
        assert shelf.find(machine=machine) == "50-a"
    else:
        with pytest.raises(HostError):
            shelf.find(machine=machine)


def test_none(shelf: Shelf) -> None:
    shelf.put(shelf.usr, "50-a")
    with pytest.raises(HostError, match=r"firmware for arm64 machine virt .*install the package qemu-efi-aarch64"):
        shelf.find(Arch.ARM64, "virt")
    with pytest.raises(HostError, match="no UEFI firmware"):
        find_uefi(Arch.X86_64, "q35", (shelf.root / "nowhere",))


def test_one_that_verifies(shelf: Shelf) -> None:
    """Its keys may be a vendor's, for they are replaced; and the machine must be told of system management mode."""
    shelf.put(shelf.usr, "50-plain")
    with pytest.raises(HostError, match="no UEFI firmware with Secure Boot for x86_64 machine q35"):
        shelf.find(secure=True)
    shelf.put(shelf.usr, "60-secure", features=["secure-boot", "requires-smm"])
    shelf.put(shelf.usr, "70-enrolled", features=["secure-boot", "enrolled-keys"])
    find_uefi.cache_clear()
    assert (shelf.find(), shelf.find(secure=True)) == ("50-plain", "60-secure")
    found = [find_uefi(Arch.X86_64, "q35", (shelf.etc, shelf.usr), secure=secure) for secure in (False, True)]
    assert [one.smm for one in found] == [False, True]
    (shelf.usr / "60-secure.json").unlink()
    find_uefi.cache_clear()
    assert shelf.find(secure=True) == "70-enrolled"
