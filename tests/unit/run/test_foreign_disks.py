"""Somebody else's disks: which format they have, and what goes together."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.plan.catalog import Catalog, builtin_root
from harness.run.foreign import Foreign, ForeignWork, disk_format
from harness.store import Store

MIB = 1 << 20


@pytest.mark.parametrize(
    ("driver", "options"),
    [("raw", []), ("qcow2", []), ("vhdx", []), ("vmdk", []), ("vpc", []), ("vpc", ["-o", "subformat=fixed"])],
)
def test_the_format_of_a_disk(tmp_path: Path, driver: str, options: list[str]) -> None:
    raw, path = tmp_path / "raw", tmp_path / "disk"
    raw.write_bytes(b"x" * MIB)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", driver, *options, raw, path], check=True)
    assert disk_format(path) == driver


def test_a_disk_smaller_than_a_footer_is_raw(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(b"x" * 100)
    assert disk_format(tmp_path / "disk") == "raw"


def test_what_goes_together(tmp_path: Path) -> None:
    target, store = Catalog(builtin_root()).target("x86_64-cloud-kvm"), Store(tmp_path)
    disk, iso = tmp_path / "disk", tmp_path / "iso"
    disk.write_bytes(b"x")
    iso.write_bytes(b"x")
    kernel = tmp_path / "kernel"
    kernel.write_bytes(b"\x7fELF" + bytes(600))
    with pytest.raises(
        InputError, match="--iso and --disk to boot; give one of --kernel, --iso and --disk, or a kernel"
    ):
        ForeignWork(target, Foreign(iso=iso, disk=disk), store)
    with pytest.raises(InputError, match="--kernel and --iso to boot"):
        ForeignWork(target, Foreign(kernel=kernel, iso=iso), store)
    with pytest.raises(InputError) as refused:
        ForeignWork(target, Foreign(kernel=kernel, disk=disk), store)
    assert "to boot" not in refused.value.what, "the two go together; only this kernel is none"


def test_what_the_guest_writes_goes_elsewhere(tmp_path: Path) -> None:
    disk, folder = tmp_path / "disk", tmp_path / "own"
    disk.write_bytes(b"x" * MIB)
    folder.mkdir()
    work = ForeignWork(
        Catalog(builtin_root()).target("x86_64-cloud-kvm"), Foreign(disk=disk), Store(tmp_path / "store")
    )
    (given,) = work.prepare(folder, lambda _: None).media.disks
    written = ["qemu-io", "-f", given.format, "-c", "write -P 0x79 0 64k", "-c", "read -P 0x79 0 64k", str(given.path)]
    assert (
        "Pattern verification failed" not in subprocess.run(written, check=True, capture_output=True, text=True).stdout
    )
    assert given.path.parent == folder
    assert disk.read_bytes() == b"x" * MIB


@pytest.mark.parametrize("subformat", ["fixed", "dynamic"])
def test_a_vhd_with_a_bad_footer_is_refused(tmp_path: Path, subformat: str) -> None:
    raw, path = tmp_path / "raw", tmp_path / "disk.vhd"
    raw.write_bytes(b"x" * MIB)
    options = ["-o", f"subformat={subformat}"]
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vpc", *options, raw, path], check=True)
    data = bytearray(path.read_bytes())
    for footer in [len(data) - 512] + ([0] if subformat == "dynamic" else []):
        data[footer + 28] ^= 1  # a letter of its creator
    path.write_bytes(data)
    with pytest.raises(InputError, match="checksum"):
        disk_format(path)


def test_a_disk_larger_than_the_hosts_room_is_not_copied(tmp_path: Path) -> None:
    disk, folder = tmp_path / "disk", tmp_path / "own"
    with disk.open("wb") as out:
        out.truncate(8 << 40)
    folder.mkdir()
    work = ForeignWork(
        Catalog(builtin_root()).target("x86_64-cloud-kvm"), Foreign(disk=disk), Store(tmp_path / "store")
    )
    (given,) = work.prepare(folder, lambda _: None).media.disks
    assert given.path.stat().st_blocks * 512 < 16 * MIB
