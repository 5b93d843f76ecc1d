"""A console that was recorded once, said again at its own pace by a process of its own, as a board would.

    python -m tests.bench.replay RECORDING < nothing > TERMINAL

A recording is a JSON list of [seconds since power-on, text of the bytes in latin-1]. When the last piece is about to be
written, the time (CLOCK_MONOTONIC, one for all processes of a host) goes to standard error; the terminal stays open.
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
import time
import tty
from dataclasses import dataclass, field
from pathlib import Path

from harness.machine.line import Line
from harness.machine.observation import Observation
from harness.machine.protocol import Fact, Port, Sink


@dataclass
class ReplayedMachine:
    """A board that says what was recorded, and then nothing more; `said_at` is when it began its last piece."""

    recording: Path
    name: str = "replay"
    by_hand: str = ""
    has_channel: bool = False
    watches_itself: bool = False
    said_at: float = 0.0
    _line: Line | None = None
    _process: subprocess.Popen[bytes] | None = None
    _told: asyncio.Future[None] | None = field(default=None)

    async def power_on(self, sink: Sink) -> None:
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self._line = Line(ours, lambda chunk: sink.received(Port.CONSOLE, chunk))
        self._process = self._say(theirs)
        os.close(theirs)

    def _say(self, terminal: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.bench.replay", str(self.recording)],
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.PIPE,
        )

    async def power_off(self, *, graceful: bool = False) -> None:
        assert self._process
        assert self._line
        self._process.kill()
        _, told = self._process.communicate()
        self.said_at = float(told or 0)
        self._line.close()

    async def power_cycle(self) -> None:
        """It has no reset button."""

    def write(self, port: Port, data: bytes) -> None:
        """Nobody listens."""

    def held_back(self) -> float:
        return 0.0

    async def endpoint(self, port: int) -> tuple[str, int] | None:
        return None

    async def observe(self) -> Observation | None:
        return None

    async def inspect(self) -> list[Fact]:
        return []


def say(recording: Path) -> None:
    """All of it, each piece when its time has come, and then silence until somebody ends the process."""
    pieces = json.loads(recording.read_text())
    begin = time.monotonic()
    for number, (at, text) in enumerate(pieces, 1):
        time.sleep(max(0.0, begin + at - time.monotonic()))  # the pace of the original
        if number == len(pieces):
            os.write(2, str(time.monotonic()).encode())
        data = text.encode("latin-1")
        while data:
            data = data[os.write(1, data) :]
    signal.pause()


if __name__ == "__main__":
    say(Path(sys.argv[1]))
