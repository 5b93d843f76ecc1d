"""A real board as a machine: a serial console and power commands, nothing else; no QMP, no process."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from harness.errors import HostError
from harness.machine.board.lab import Board
from harness.machine.board.power import run_power_command
from harness.machine.board.serialline import BoardLine, open_line
from harness.machine.observation import Observation
from harness.machine.protocol import Fact, Port, Sink
from harness.words import Source


class BoardMachine:
    """Bound to one board of the lab; what to boot is told to its power commands by the environment."""

    def __init__(self, name: str, board: Board, *, folder: Path, environment: Mapping[str, str]) -> None:
        """`folder` is where lab.yml lies: power commands run there."""
        self._name = name
        self._board = board
        self._folder = folder
        self._environment = dict(environment)
        self._line: BoardLine | None = None
        self._closing = False

    @property
    def name(self) -> str:
        """The board's name in the lab."""
        return self._name

    @property
    def has_channel(self) -> bool:
        """A board has one console."""
        return False

    @property
    def watches_itself(self) -> bool:
        """Only the console tells of a board."""
        return False

    @property
    def by_hand(self) -> str:
        """Switch on as the lab does; the console is opened beside it."""
        settings = [f"{key}={shlex.quote(value)}" for key, value in sorted(self._environment.items())]
        return " ".join([*settings, shlex.join(self._board.power.on)])

    async def power_on(self, sink: Sink) -> None:
        """Listen first, then switch on, so that not a byte is missed."""

        def lost(why: str) -> None:
            if not self._closing:
                sink.happened(Fact(Source.PROCESS, "exit", f"board {self._name}: {why}", {}))

        await self._switch(self._board.power.off)
        self._line = await open_line(
            self._board.console,
            baud=self._board.baud,
            received=lambda chunk: sink.received(Port.CONSOLE, chunk),
            lost=lost,
        )
        try:
            await self._switch(self._board.power.on)
        except BaseException:
            self._release()
            raise

    async def _switch(self, command: tuple[str, ...]) -> None:
        await run_power_command(
            command, folder=self._folder, environment=self._environment, limit=self._board.power.timeout
        )

    def _release(self) -> None:
        self._closing = True
        line, self._line = self._line, None
        if line:
            line.close()

    async def power_off(self, *, graceful: bool = False) -> None:
        """Cut the power. Raises HostError when the board cannot be switched off: somebody has to go and look."""
        del graceful  # a board has no button that the harness could press
        self._release()
        await self._switch(self._board.power.off)

    async def power_cycle(self) -> None:
        """The lab's own cycle command, or off and on."""
        if self._board.power.cycle:
            await self._switch(self._board.power.cycle)
        else:
            await self._switch(self._board.power.off)
            await self._switch(self._board.power.on)

    async def endpoint(self, port: int) -> tuple[str, int] | None:  # noqa: ARG002 -- the protocol's
        """A lab does not tell how a board is wired to a network."""
        return None

    def write(self, port: Port, data: bytes) -> None:
        """Send bytes to the console."""
        if port is not Port.CONSOLE or self._line is None:
            raise HostError(f"board {self._name} has no line {port} to write to")
        self._line.write(data)

    def held_back(self) -> float:
        """A board waits for nobody."""
        return 0.0

    async def observe(self) -> Observation | None:
        """Nobody can look into a board over its serial line."""
        return None

    async def inspect(self) -> list[Fact]:
        """A board cannot be asked."""
        return []
