"""What an assembly asks of its cell, and how a target is fitted to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.boot.checks.registry import checks_of
from harness.errors import InputError
from harness.image.incell import InCell, cell_file, fitted, in_cell
from harness.image.recipe import IMAGES
from harness.image.yaml.assembly import read
from harness.plan.catalog import Catalog

SHIPPED = sorted(IMAGES.glob("*/cell.yml"))
CATALOG = Catalog()


def asked(**more: object) -> InCell:
    return InCell.model_validate({"description": "x", **more})


def test_memory_features_and_patience() -> None:
    target = CATALOG.target("x86_64-cloud-kvm")
    made = fitted(target, asked(memory=700, features=["containers", "virtio"], slower=3), "x")
    assert made.machine.memory == 700
    assert made.kernel.features == (*target.kernel.features, "containers")
    assert made.boot.silence == 3 * target.boot.silence
    assert made.folders == target.folders
    assert fitted(target, asked(memory=16), "x").machine.memory == target.machine.memory


def test_a_board_too_small_is_refused_with_the_numbers() -> None:
    board = CATALOG.target("raspi3b")
    assert board.machine.fixed_memory
    with pytest.raises(InputError, match=rf"sshd needs 9999 MiB of memory, and raspi3b has {board.machine.memory} MiB"):
        fitted(board, asked(memory=9999), "sshd")


def test_a_data_source_is_added_where_there_is_none() -> None:
    given, lacking = CATALOG.target("x86_64-cloud-kvm"), CATALOG.target("arm64-cloud-virt")
    assert fitted(given, asked(source="nocloud"), "x").disks == given.disks
    assert [disk.content for disk in fitted(lacking, asked(source="nocloud"), "x").disks] == ["scratch", "nocloud"]
    assert fitted(lacking, asked(), "x").disks == lacking.disks
    with pytest.raises(InputError, match="has no bus for one"):
        fitted(lacking.model_copy(update={"disks": ()}), asked(source="nocloud"), "x")


def test_only_a_folder_of_its_own_name_makes_an_assembly(tmp_path: Path) -> None:
    for name in ("a/a.yml", "a/b.yml", "a/cell.yml", "c/c.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert cell_file(tmp_path / "a/a.yml") == tmp_path / "a/cell.yml"
    assert cell_file(tmp_path / "a/b.yml") is None
    assert cell_file(tmp_path / "c/c.yml") is None


def test_the_reference_assemblies_ship() -> None:
    assert {path.parent.name for path in SHIPPED} >= {"sshd", "docker", "iot-gateway", "cloud", "web"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_every_assembly_that_ships_is_sound(path: Path) -> None:
    """It can be read, is asked something, and names a kernel for who builds it alone."""
    found = in_cell(path)
    assembly = read([path.parent / f"{path.parent.name}.yml"])
    assert assembly.kernel.image == "kernel-cloud"
    assert checks_of(path), "nobody asks it anything"
    for name in ("x86_64-cloud-kvm", "arm64-cloud-virt"):
        assert fitted(CATALOG.target(name), found, path.parent.name).machine.memory >= found.memory
