"""A cell's medium: made once, of what its firmware starts, and refused where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image.medium import boot_medium
from harness.plan.catalog import Catalog, builtin_root
from harness.plan.matrix import DIRECT, MEDIA
from harness.store import Store
from tests.unit.image.fakes import KERNEL

CATALOG = Catalog(builtin_root())
BEGINNINGS = {"iso": (32769, b"CD001"), "disk": (510, b"\x55\xaa")}


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Path, Path]:
    kernel, initrd = tmp_path / "kernel", tmp_path / "initrd"
    kernel.write_bytes(KERNEL)
    initrd.write_bytes(b"initrd")
    return kernel, initrd


@pytest.mark.parametrize("media", sorted(set(MEDIA) - {DIRECT}))
@pytest.mark.parametrize("name", ["x86_64-baremetal-bios", "x86_64-baremetal-uefi", "arm64-baremetal-uefi"])
def test_each_firmware_gets_its_own(name: str, media: str, parts: tuple[Path, Path], tmp_path: Path) -> None:
    target, mine = CATALOG.target(name), Store(tmp_path / "store")
    made = boot_medium(target, media, *parts, "quiet", mine)
    offset, sign = BEGINNINGS[media]
    assert made.read_bytes()[offset : offset + len(sign)] == sign
    assert [path.name for path in sorted(made.parent.iterdir()) if not path.name.startswith(".")] == ["medium"]
    assert parts[0].read_bytes() == KERNEL, "the kernel belongs to the store"
    assert boot_medium(target, media, *parts, "quiet", mine) == made
    assert boot_medium(target, media, *parts, "debug", mine) != made


def test_a_target_without_firmware_is_refused(parts: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="raspi3b has no firmware that could start it from media 'iso'"):
        boot_medium(CATALOG.target("raspi3b"), "iso", *parts, "quiet", Store(tmp_path / "store"))
