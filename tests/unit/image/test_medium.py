"""A cell's medium: made once, of what its firmware starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.image.media.convert import QCOW2, RAW, VHD, VHDX, VMDK, DiskFormat
from harness.image.medium import disk_medium, fat_medium, iso_medium
from harness.plan.catalog import Catalog, builtin_root
from harness.store import Store
from tests.unit.image.fakes import KERNEL

CATALOG = Catalog(builtin_root())
FIRMWARE = ["x86_64-baremetal-bios", "x86_64-baremetal-uefi", "arm64-baremetal-uefi"]
FORMATS = [(RAW, 510, b"\x55\xaa"), (QCOW2, 0, b"QFI\xfb"), (VHD, -512, b"conectix"), (VHDX, 0, b"vhdxfile")]


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Path, Path]:
    kernel, initrd = tmp_path / "kernel", tmp_path / "initrd"
    kernel.write_bytes(KERNEL)
    initrd.write_bytes(b"initrd")
    return kernel, initrd


@pytest.mark.parametrize("name", FIRMWARE)
def test_each_firmware_gets_its_own_iso(name: str, parts: tuple[Path, Path], tmp_path: Path) -> None:
    target, mine = CATALOG.target(name), Store(tmp_path / "store")
    made = iso_medium(target, *parts, "quiet", mine)
    assert made.read_bytes()[32769:32774] == b"CD001"
    assert [path.name for path in sorted(made.parent.iterdir()) if not path.name.startswith(".")] == ["medium"]
    assert parts[0].read_bytes() == KERNEL, "the kernel belongs to the store"
    assert iso_medium(target, *parts, "quiet", mine) == made
    assert iso_medium(target, *parts, "debug", mine) != made


@pytest.mark.parametrize("name", FIRMWARE)
@pytest.mark.parametrize(
    ("form", "offset", "sign"), [*FORMATS, (VMDK, 0, b"KDMV")], ids=["raw", "qcow2", "vhd", "vhdx", "vmdk"]
)
def test_each_firmware_gets_its_own_disk(
    name: str, form: DiskFormat, offset: int, sign: bytes, parts: tuple[Path, Path], tmp_path: Path
) -> None:
    target, mine = CATALOG.target(name), Store(tmp_path / "store")
    made = disk_medium(target, form, *parts, "quiet", mine)
    found = made.read_bytes()
    assert found[offset:][: len(sign)] == sign
    assert disk_medium(target, form, *parts, "quiet", mine) == made
    assert disk_medium(target, form, *parts, "debug", mine) != made
    again = disk_medium(target, form, *parts, "quiet", Store(tmp_path / "another"))
    assert again.read_bytes() == found, "the same parts give the same bytes"


def test_a_disk_for_a_loader_that_is_elsewhere(parts: tuple[Path, Path], tmp_path: Path) -> None:
    mine = Store(tmp_path / "store")
    files = {"kernel": parts[0], "initrd.img": parts[1]}
    made = fat_medium(files, mine)
    assert made.read_bytes()[510:512] == b"\x55\xaa"
    assert fat_medium(files, mine) == made
    assert fat_medium({"kernel": parts[0]}, mine) != made
