"""cell.yml beside an assembly's YAML: what it asks of the machine that boots it as a cell of the matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from harness.errors import InputError
from harness.image.recipe import Inside
from harness.plan.target import Disk, Model, Module, Name, Target
from harness.plan.validate import validate
from harness.plan.yamlfile import load

FILE = "cell.yml"


class InCell(Model):
    """What an assembly of containers asks of its cell."""

    description: str = Field(max_length=200)
    memory: int = Field(256, ge=16, le=65536, description="MiB that the machine has at least")
    modules: tuple[Module, ...] = Field((), description="kernel modules besides the target's drivers, where they exist")
    features: tuple[Name, ...] = Field((), description="features of a matched kernel besides the target's")
    needs: tuple[Name, ...] = Field((), description="what it asks of any kernel: names of preflight's features.yml")
    key: Inside | None = Field(None, description="file of the image that gets the public key of the harness")
    source: Literal["nocloud"] | None = Field(None, description="data source that the machine has, with that key")
    slower: float = Field(1, ge=1, le=100, description="times the target's patience")
    checks: tuple[dict[str, Any], ...] = Field((), description="what is asked once it is up: see harness/boot/checks")


def cell_file(image: Path) -> Path | None:
    """The cell.yml of an assembly: it lies in a folder of the assembly's name; None for any other image."""
    found = image.parent / FILE
    return found if image.stem == image.parent.name and found.is_file() else None


def in_cell(path: Path) -> InCell:
    """What a cell.yml says. Raises InputError with file, line and key."""
    document = load(path)
    return validate(InCell, document.data, document)


def fitted(target: Target, asked: InCell, image: str) -> Target:
    """The target as the assembly needs it: memory, features of its kernel, data source, patience. Pure.

    Raises InputError, with the numbers, for a board whose memory is what it is and too small, and for a target that
    has no disk from which to tell where a data source goes.
    """
    machine = target.machine
    if machine.fixed_memory and machine.memory < asked.memory:
        raise InputError(
            f"the image {image} needs {asked.memory} MiB of memory, and {target.name} has {machine.memory} MiB",
            hint="leave this cell out of matrix.yml",
        )
    disks = target.disks
    if asked.source == "nocloud" and not any(disk.content == "nocloud" for disk in disks):
        if not disks:
            raise InputError(
                f"the image {image} reads its metadata from a disk, and {target.name} has no bus for one",
                hint="give the target a disk with content: nocloud, or leave this cell out of matrix.yml",
            )
        disks += (Disk(bus=disks[0].bus, content="nocloud"),)
    features = tuple(dict.fromkeys((*target.kernel.features, *asked.features)))
    boot = target.boot
    return target.model_copy(
        update={
            "machine": machine.model_copy(update={"memory": max(machine.memory, asked.memory)}),
            "disks": disks,
            "kernel": target.kernel.model_copy(update={"features": features}),
            "boot": boot.model_copy(
                update={name: getattr(boot, name) * asked.slower for name in ("silence", "deadline", "expected")}
            ),
        }
    )
