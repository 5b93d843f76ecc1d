"""A lab of one board: a power switch that keeps a log, and a pty as its console."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import tty
from collections.abc import Callable
from pathlib import Path

from harness.machine.board.lab import Board
from harness.machine.board.machine import BoardMachine
from harness.machine.protocol import Fact, Port, Sink


class Bench:
    """A folder with a power switch that keeps a log, a pty as the board's console, and what the machine delivered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "power.log"
        self.switch("")
        self.ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self.tty = os.ttyname(theirs)
        self.theirs = theirs
        self.text = b""
        self.facts: list[Fact] = []
        self.more = asyncio.Event()

    def switch(self, more: str) -> None:
        """The power command: logs its argument, then does `more`."""
        path = self.folder / "power"
        path.write_text(f'#!/bin/sh\necho "$@" >>power.log\n{more}\n')
        path.chmod(0o755)

    def machine(self, *, console: str | None = None, timeout: float = 10, **power: object) -> BoardMachine:
        commands = {"on": ["./power", "on"], "off": ["./power", "off"], "timeout": timeout, **power}
        board = Board.model_validate({"target": "raspi3b", "console": console or self.tty, "power": commands})
        environment = {"BOOTMATRIX_KERNEL": "/a b/kernel", "BOOTMATRIX_TARGET": "raspi3b"}
        return BoardMachine("pi-7", board, folder=self.folder, environment=environment)

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def sink(self) -> Sink:
        return Sink(self._received, self._happened)

    def _received(self, port: Port, chunk: bytes) -> None:
        assert port is Port.CONSOLE
        self.text += chunk
        self.more.set()

    def _happened(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.more.set()

    async def until(self, there: Callable[[], bool]) -> None:
        while not there():
            self.more.clear()
            await self.more.wait()

    def close(self) -> None:
        for fd in (self.ours, self.theirs):
            with contextlib.suppress(OSError):  # a test has closed it
                os.close(fd)
