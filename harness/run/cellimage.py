"""What a cell must know of its image: how the target fits it, its milestones, and what is asked of it once it is up.

Two kinds: a few programs with an init that checks the target (`minimal`), and an assembly of containers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.boot.checks.check import Check
from harness.boot.checks.registry import checks_of
from harness.boot.ladder import Rung, Steps, assembly_ladder, image_ladder
from harness.image.incell import InCell, cell_file, fitted, in_cell
from harness.image.recipe import image_path
from harness.image.yaml.assembly import read
from harness.plan.target import Target
from harness.preflight.gather import image_needs


@dataclass(frozen=True, slots=True)
class Expected:
    """What the guest must say of itself: `running` of its kernel, `instance` of the data source it was given."""

    running: dict[str, str]
    instance: dict[str, str]


class CellImage(Protocol):
    """An image as its cell sees it."""

    @property
    def checks(self) -> Sequence[Check]: ...

    @property
    def logs_in(self) -> bool:
        """Whether the key of the harness is in it."""

    @property
    def farewell(self) -> str:
        """The command that switches it off."""

    def fitted(self, target: Target) -> Target:
        """The target as this image needs it. Raises InputError where it cannot be."""

    def needs(self, target: Target) -> tuple[str, ...]:
        """Features that it asks of a kernel, for preflight."""

    def rungs(
        self, target: Target, expected: Expected, *, asks_machine: bool, door: Sequence[Rung] = ()
    ) -> Sequence[Rung]:
        """Its milestones on a fitted target."""


class BareImage:
    """A few programs and an init."""

    checks: Sequence[Check] = ()
    logs_in = False
    farewell = "poweroff -f"

    def __init__(self, image: str | Path) -> None:
        self._image = image

    def fitted(self, target: Target) -> Target:
        """It fits every target."""
        return target

    def needs(self, target: Target) -> tuple[str, ...]:
        """What its components ask."""
        return image_needs(self._image, target)

    def rungs(
        self, target: Target, expected: Expected, *, asks_machine: bool, door: Sequence[Rung] = ()
    ) -> Sequence[Rung]:
        """Those of the target."""
        return image_ladder(
            target, running=expected.running, metadata=expected.instance, asks_machine=asks_machine, door=door
        )


class AssemblyImage:
    """An assembly of containers, with its cell.yml."""

    farewell = "poweroff"  # asks PID 1, which ends services and runs onshutdown first

    def __init__(self, path: Path, asked: InCell, checks: Sequence[Check]) -> None:
        self._path, self._asked, self.checks = path, asked, checks

    @property
    def logs_in(self) -> bool:
        """By the file it names, or by its data source."""
        return self._asked.key is not None or self._asked.source is not None

    def fitted(self, target: Target) -> Target:
        """With its memory, features and data source."""
        return fitted(target, self._asked, self._path.stem)

    def needs(self, target: Target) -> tuple[str, ...]:  # noqa: ARG002 -- the protocol's
        """What its cell.yml says."""
        return self._asked.needs

    def rungs(
        self, target: Target, expected: Expected, *, asks_machine: bool, door: Sequence[Rung] = ()
    ) -> Sequence[Rung]:
        """Those of its YAML. Checks that need a port are left out for a board, to whose network nothing leads."""
        assembly = read([self._path])
        steps = Steps(
            tuple(placed.value.name for placed in assembly.volumes),
            *(
                tuple(placed.value.name for placed in assembly.containers(section))
                for section in ("onboot", "services", "onshutdown")
            ),
        )
        names = [check.name for check in self.checks if asks_machine or check.asks_port is None]
        return assembly_ladder(target, steps, names, running=expected.running, asks_machine=asks_machine, door=door)


def cell_image(image: str | Path) -> CellImage:
    """The image of that name or file. Raises InputError for an unknown one, or a cell.yml that is wrong."""
    path = image_path(image)
    beside = cell_file(path)
    if beside is None:
        return BareImage(image)
    return AssemblyImage(path, in_cell(beside), checks_of(beside))
