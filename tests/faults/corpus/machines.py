"""The machines of broken boots: QEMU as ever, with a stopwatch on its console and a hand that may reach in."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.machine.board.binding import BoundBoard
from harness.machine.protocol import Fact, Machine, Port, Sink
from harness.run.accelerators import Emulator
from harness.run.attempt import make_machine
from harness.run.work import Prepared, Work
from tests.faults.corpus.fault import Meddled, Meddling


@dataclass(slots=True)
class Stopwatch:
    """When which byte of the console came in, taken before the harness sees it; all times are time.monotonic."""

    said: bytearray = field(default_factory=bytearray)
    arrivals: list[tuple[int, float]] = field(default_factory=list)  # bytes so far, when
    signs: list[tuple[float, float]] = field(default_factory=list)  # when, what the host had held back by then
    facts: list[float] = field(default_factory=list)  # of QMP and of the process
    ruled: float | None = None
    held_back: float = 0.0  # at the ruling
    trouble: BaseException | None = None  # of what was to be done to the machine

    def heard(self, chunk: bytes, held: float) -> None:
        """Bytes of the console."""
        now = time.monotonic()
        self.said += chunk
        self.arrivals.append((len(self.said), now))
        self.signs.append((now, held))

    def arrival_of(self, text: bytes) -> float | None:
        """When the last byte of the first occurrence of a text was there."""
        at = self.said.find(text)
        if at < 0:
            return None
        end = at + len(text)
        return next(when for size, when in self.arrivals if size >= end)


@dataclass(slots=True)
class Maker:
    """Makes the machine of each attempt; the first one has the stopwatch."""

    meddling: Sequence[Meddling]
    watch: Stopwatch = field(default_factory=Stopwatch)
    first: Machine | None = None

    def __call__(
        self, work: Work, prepared: Prepared, *, emulator: Emulator | None, board: BoundBoard | None, folder: Path
    ) -> Machine:
        watch = self.watch if self.first is None else Stopwatch()
        if board:
            machine: Machine = make_machine(work, prepared, emulator=emulator, board=board, folder=folder)
        else:
            assert emulator
            machine = _Watched(
                work.target,
                prepared.media,
                accelerator=emulator.accelerator.name,
                cpu=emulator.accelerator.cpu,
                folder=folder,
                binary=str(emulator.binary.path),
            )
            machine.watch, machine.meddling = watch, list(self.meddling)
        self.first = self.first or machine
        return machine

    def ruled(self) -> None:
        """The verdict is out."""
        if self.watch.ruled is None and self.first:
            self.watch.ruled = time.monotonic()
            self.watch.held_back = self.first.held_back()


class _Watched(Meddled):
    watch: Stopwatch
    meddling: list[Meddling]
    _acts: set[asyncio.Task[None]]

    async def power_on(self, sink: Sink) -> None:
        self._acts = set()

        def received(port: Port, chunk: bytes) -> None:
            if port is Port.CONSOLE:
                self.watch.heard(chunk, self.held_back())
                self._meddle()
            sink.received(port, chunk)

        def happened(fact: Fact) -> None:
            now = time.monotonic()
            self.watch.facts.append(now)
            self.watch.signs.append((now, self.held_back()))
            sink.happened(fact)

        self.watch.signs.append((time.monotonic(), 0.0))
        await super().power_on(Sink(received, happened))
        self._meddle()  # what is to happen at once

    def _meddle(self) -> None:
        if self._monitor is None or self._watch is None:
            return  # not switched on yet
        for due in [one for one in self.meddling if one.after in self.watch.said]:
            self.meddling.remove(due)
            done = due.act(self)
            if inspect.isawaitable(done):
                task = asyncio.ensure_future(done)
                self._acts.add(task)
                task.add_done_callback(self._acted)

    def _acted(self, task: asyncio.Task[None]) -> None:
        self._acts.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            self.watch.trouble = problem
