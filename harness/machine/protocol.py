"""What a machine is to the rest of the harness: a power switch, a console, and events.

Two makers exist: `machine/qemu` (a process with QMP) and `machine/board` (a serial line and power commands). The boot
room knows only this protocol, so a third maker needs no edit there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from harness.machine.observation import Observation
from harness.words import Source


class Port(StrEnum):
    """A serial line of the machine: the one that carries the boot, and the one that carries commands."""

    CONSOLE = "console"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the machine has to say; the event stream gives it its time and makes it an event."""

    source: Source
    kind: str
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sink:
    """Where a machine delivers what happens: bytes of a line as they arrive, and facts.

    Both are called in the event loop's thread and must not block.
    """

    received: Callable[[Port, bytes], None]
    happened: Callable[[Fact], None]


class Machine(Protocol):
    """Something with a power switch and a console."""

    @property
    def name(self) -> str:
        """QEMU's machine type, or the board's name in the lab."""

    @property
    def by_hand(self) -> str:
        """The shell-quoted command that boots the same thing again by hand."""

    @property
    def has_channel(self) -> bool:
        """Whether commands have a line of their own."""

    @property
    def watches_itself(self) -> bool:
        """Whether the machine reports its own resets and power-off (QMP) or only the console can tell."""

    async def power_on(self, sink: Sink) -> None:
        """Switch on and deliver events from here on. Raises HostError when the machine cannot be started."""

    async def power_off(self, *, graceful: bool = False) -> None:
        """Switch off for good; afterwards nothing of the machine is left running. Never raises for a dead machine.

        `graceful` presses the power button first and gives the guest a moment.
        """

    async def power_cycle(self) -> None:
        """Reset the machine as its reset button would."""

    def write(self, port: Port, data: bytes) -> None:
        """Send bytes to a line; they are queued when the line is busy."""

    def held_back(self) -> float:
        """Seconds since power-on for which the host kept the machine from running (0 for a real board)."""

    async def endpoint(self, port: int) -> tuple[str, int] | None:
        """Where on this host a TCP port of the guest is reached; None where there is no way to it."""

    async def observe(self) -> Observation | None:
        """What a guest that is stuck shows of itself; it may not run on afterwards. None where nobody can look."""

    async def inspect(self) -> list[Fact]:
        """What the machine itself says of the running guest; empty where it cannot tell.

        One fact of kind `inspection` sums up (data: `ok`), the others are its evidence.
        """
