"""A cell through each kind of door, of those that are cheap: every milestone of the door, and all of the guest's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.boot.conftest import Ended

DOORS = [
    ("x86_64-baremetal-bios", "vhd", ["firmware", "boot-device", "bootloader", "kernel"]),
    ("x86_64-cloud-kvm", "http", ["firmware", "boot-device", "bootloader", "kernel"]),
    ("arm64-cloud-graviton", "network", ["firmware", "boot-device", "bootloader", "kernel"]),
    ("arm64-baremetal-uefi", "vhdx", ["firmware", "boot-device", "kernel"]),
    ("arm64-cloud-virt", "uboot", ["bootloader", "boot-device", "loaded", "kernel"]),
    ("riscv64-cloud-virt", "uboot-tftp", ["firmware", "bootloader", "boot-device", "loaded", "kernel"]),
]


@pytest.mark.parametrize(("target", "media", "first"), DOORS, ids=[f"{media}-{target}" for target, media, _ in DOORS])
def test_a_cell_through_a_door(
    target: str, media: str, first: list[str], bootmatrix: Callable[..., Ended], tmp_path: Path
) -> None:
    matrix = tmp_path / "matrix.yml"
    matrix.write_text(f"axes: {{target: [{target}], image: [minimal], media: [{media}]}}\n")
    ended = bootmatrix("run", "--matrix", str(matrix))
    assert ended.status == 0, ended.stdout
    assert ended.cell["media"] == media
    names = [step["name"] for step in ended.cell["milestones"]]
    assert names[: len(first)] == first
    assert names[-1] == "poweroff"


def test_a_target_without_that_door_is_refused(bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    matrix = tmp_path / "matrix.yml"
    matrix.write_text("axes: {target: [raspi2b], image: [minimal], media: [iso, network, uboot]}\n")
    ended = bootmatrix("run", "--matrix", str(matrix))
    assert ended.status == 3, ended.stdout
    assert "raspi2b has no firmware that could start it from a medium" in ended.stdout
    assert "raspi2b is no machine that U-Boot is known to start" in ended.stdout
