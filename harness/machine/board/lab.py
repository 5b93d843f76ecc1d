"""`lab.yml`: which real boards exist here, how they are switched, where their console is; apart from the matrix."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from harness.plan.target import Model, Name

# One word of a command: handed to the program as it is, never to a shell.
Word = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[^\x00]+$")]
Command = Annotated[tuple[Word, ...], Field(min_length=1)]


class Power(Model):
    """Commands that switch the board. They run without a shell, from the folder of lab.yml, and must end by themselves.

    `cycle` defaults to off and on. The environment tells what to boot: BOOTMATRIX_KERNEL, BOOTMATRIX_INITRD,
    BOOTMATRIX_DTB, BOOTMATRIX_FOLDER (absolute paths; the last holds the boot's disk images), BOOTMATRIX_CMDLINE and
    BOOTMATRIX_TARGET.
    """

    on: Command
    off: Command
    cycle: Command | None = None
    timeout: float = Field(30, gt=0, le=3600, description="seconds a power command may take")


class Board(Model):
    """A board in the lab, standing in for a target."""

    target: Name = Field(description="the target that this board is one of")
    console: str = Field(
        min_length=1,
        max_length=4096,
        pattern=r"^[^\x00-\x20\x7f]+$",
        description="pyserial URL: a device such as /dev/ttyUSB0, socket://host:port, rfc2217://host:port",
    )
    baud: int = Field(115200, ge=300, le=4000000)
    power: Power
    lacks: tuple[Literal["disks", "nics"], ...] = Field(
        (), description="parts of the target that this board does not have, and whose milestones it is spared"
    )


class Lab(Model):
    """All boards by name."""

    boards: dict[Name, Board]
