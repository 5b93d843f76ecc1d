"""Boots start when they fit, in the order of their coming; the end of any, however it comes, lets the next one in."""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.errors import HostError
from harness.run import admission
from harness.run.admission import Admission, Need

ROOT = Path(__file__).resolve().parents[3]
CAPACITY = Need(memory=1000, cpus=2)
HOLDER = """
import asyncio, sys
from pathlib import Path
from harness.run.admission import Admission, Need

async def main():
    async with Admission(Need(1000, 2), Path(sys.argv[1])).admitted(Need(int(sys.argv[2]), 1)):
        print("in", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print("out", flush=True)

asyncio.run(main())
"""


def run(main: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(main(), 30))  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


class Boots:
    """Boots by name, held until they are let go; `log` tells who was in when."""

    def __init__(self, gate: Path, capacity: Need = CAPACITY) -> None:
        self.admission = Admission(capacity, gate)
        self.log: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self._moved = asyncio.Event()

    def _note(self, what: str) -> None:
        self.log.append(what)
        self._moved.set()

    def start(self, name: str, memory: int, cpus: int = 1) -> None:
        self._ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._boot(name, Need(memory, cpus)))

    async def _boot(self, name: str, need: Need) -> None:
        async with self.admission.admitted(need):
            self._note(f"+{name}")
            await self._ends[name].wait()
        self._note(f"-{name}")

    async def until(self, *log: str) -> None:
        while self.log != list(log):
            self._moved.clear()
            await self._moved.wait()

    async def settled(self, *log: str) -> None:
        """Nobody else comes in."""
        await self.until(*log)
        await asyncio.sleep(0.1)
        assert self.log == list(log)

    def end(self, name: str) -> None:
        self._ends[name].set()

    async def finish(self) -> None:
        for end in self._ends.values():
            end.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


@contextmanager
def holder(gate: Path, memory: int) -> Iterator[subprocess.Popen[str]]:
    """Another process that is in (or waits)."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(gate), str(memory)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_fits_and_waits_and_wakes(gate: Path) -> None:
    async def main() -> None:
        boots = Boots(gate)
        boots.start("a", 400)
        boots.start("b", 400)
        await boots.settled("+a", "+b")
        boots.start("c", 400)
        await boots.settled("+a", "+b")
        boots.end("b")
        await boots.until("+a", "+b", "-b", "+c")
        await boots.finish()
        assert names(gate) == ["gate"]

    run(main)


def test_processors_count_as_well(gate: Path) -> None:
    async def main() -> None:
        boots = Boots(gate)
        boots.start("a", 1, 2)
        await boots.until("+a")
        boots.start("b", 1, 1)
        await boots.settled("+a")
        boots.end("a")
        await boots.until("+a", "-a", "+b")
        await boots.finish()

    run(main)


def test_order_of_arrival(gate: Path) -> None:
    """A small one does not overtake a large one that waits: it would starve it."""

    async def main() -> None:
        boots = Boots(gate)
        boots.start("a", 600)
        await boots.until("+a")
        boots.start("large", 900)
        await asyncio.sleep(0.05)
        boots.start("small", 100)
        await boots.settled("+a")
        boots.end("a")
        await boots.until("+a", "-a", "+large", "+small")
        await boots.finish()

    run(main)


def test_too_big_for_the_host_runs_alone(gate: Path) -> None:
    async def main() -> None:
        boots = Boots(gate)
        boots.start("a", 100)
        await boots.until("+a")
        boots.start("huge", 99_999, 64)
        await boots.settled("+a")
        boots.end("a")
        await boots.until("+a", "-a", "+huge")
        boots.start("b", 1)
        await boots.settled("+a", "-a", "+huge")
        boots.end("huge")
        await boots.until("+a", "-a", "+huge", "-huge", "+b")
        await boots.finish()

    run(main)


def test_failure_inside_gives_back(gate: Path) -> None:
    async def main() -> None:
        boots = Boots(gate)
        with pytest.raises(ZeroDivisionError):
            async with boots.admission.admitted(Need(1000, 2)):
                raise ZeroDivisionError
        boots.start("a", 1000, 2)
        await boots.until("+a")
        await boots.finish()

    run(main)


def test_two_processes_share(gate: Path) -> None:
    with holder(gate, 700) as first, holder(gate, 700) as second:
        ready = _first_to_speak(first, second)
        other = second if ready is first else first
        assert ready.stdin is not None
        assert other.stdout is not None
        assert other.poll() is None
        ready.stdin.close()
        assert other.stdout.readline() == "in\n"


def _first_to_speak(*processes: subprocess.Popen[str]) -> subprocess.Popen[str]:
    streams = {process.stdout: process for process in processes}
    ready, _, _ = select.select(list(streams), [], [], 20)
    time.sleep(0.3)
    again, _, _ = select.select(list(streams), [], [], 0)
    assert len(ready) == len(again) == 1, "both are in, or none"
    assert ready[0].readline() == "in\n"
    return streams[ready[0]]


def test_owner_killed_by_sigkill_gives_back(gate: Path) -> None:
    async def main() -> None:
        with holder(gate, 700) as other:
            assert other.stdout is not None
            assert (await asyncio.to_thread(other.stdout.readline)) == "in\n"
            boots = Boots(gate)
            boots.start("a", 700)
            await boots.settled()
            started = time.monotonic()
            other.send_signal(signal.SIGKILL)
            await boots.until("+a")
            assert time.monotonic() - started < 15
            await boots.finish()
            assert names(gate) == ["gate"]

    run(main)


def test_waiter_killed_by_sigkill_at_the_gate_leaves_it_open(gate: Path) -> None:
    async def main() -> None:
        boots = Boots(gate)
        boots.start("a", 700)
        await boots.until("+a")
        with holder(gate, 700) as other:  # it stands in the gate now
            await asyncio.sleep(1)
            boots.start("b", 300)
            await boots.settled("+a")
            other.send_signal(signal.SIGKILL)
            await boots.until("+a", "+b")
        await boots.finish()

    run(main)


def test_ticket_of_the_dead_is_swept_away(gate: Path) -> None:
    async def main() -> None:
        boots = Boots(gate)
        (gate / "1000-2-deadbeef.s").write_bytes(b"")
        (gate / "notes.txt").write_bytes(b"not a ticket")
        boots.start("a", 700)
        await boots.until("+a")
        await boots.finish()
        assert names(gate) == ["gate", "notes.txt"]

    run(main)


@pytest.mark.parametrize("where", ["running", "gate", "line"])
def test_cancelled_while_it_waits(gate: Path, where: str) -> None:
    """For a running boot to end, at the gate (another process is in it), or in our own line: all is open afterwards."""

    async def main() -> None:
        boots = Boots(gate)
        boots.start("a", 700)
        await boots.until("+a")
        other = Boots(gate)
        waiter = boots if where != "gate" else other
        if where != "running":
            boots.start("first", 700)
            await asyncio.sleep(0.05)
        waiter.start("b", 700)
        await asyncio.sleep(0.05)
        waiter.tasks["b"].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter.tasks["b"]
        boots.end("a")
        if where != "running":
            await boots.until("+a", "-a", "+first")
            boots.end("first")
        third = Boots(gate)
        third.start("c", 700)
        await third.until("+c")
        await boots.finish()
        await third.finish()

    run(main)


def test_cancelled_at_any_step(gate: Path) -> None:
    """However far it had come: neither a claim nor the gate is kept."""

    async def main() -> None:
        for steps in range(25):
            boots = Boots(gate)
            boots.start("a", 700)
            for _ in range(steps):
                await asyncio.sleep(0)
            boots.tasks["a"].cancel()
            await asyncio.gather(boots.tasks["a"], return_exceptions=True)
            assert not [name for name in names(gate) if name.endswith(".s")], steps
            async with asyncio.timeout(2):
                async with Boots(gate).admission.admitted(Need(1000, 2)):
                    pass

    run(main)


def test_gate_that_comes_when_nobody_waits_any_more(gate: Path) -> None:
    """The loop of the waiter was closed meanwhile, its process goes on: the gate must not stay shut."""
    Admission(CAPACITY, gate)
    holding = os.open(gate / "gate", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(holding, fcntl.LOCK_EX)

    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), Admission(CAPACITY, gate).admitted(Need(1, 1)):
                pass

    asyncio.run(impatient())
    waiting = [thread for thread in threading.enumerate() if thread.name == "admission-gate"]
    assert len(waiting) == 1
    os.close(holding)
    waiting[0].join(5)

    async def next_one() -> None:
        async with Admission(CAPACITY, gate).admitted(Need(1, 1)):
            pass

    run(next_one)


def test_no_more_descriptors_is_no_reason_to_let_somebody_in(gate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        boots = Boots(gate)
        boots.start("a", 700)
        await boots.until("+a")

        async def full(path: Path) -> None:
            raise OSError(24, "Too many open files")

        monkeypatch.setattr(admission.asyncio, "open_unix_connection", full)
        with pytest.raises(HostError, match="Too many open files"):
            async with boots.admission.admitted(Need(700, 1)):
                pass
        monkeypatch.undo()
        boots.start("b", 700)
        await boots.settled("+a")  # its ticket was not thrown away
        await boots.finish()

    run(main)


def test_end_of_the_loop_prints_nothing(gate: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        boots = Boots(gate)
        boots.start("a", 700)
        boots.start("b", 700)
        await boots.settled("+a")

    run(main)
    assert caplog.records == []


def test_a_board_is_had_by_one_at_a_time(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        seen: list[str] = []
        first, second = Admission(Need(1000, 2), tmp_path), Admission(Need(1000, 2), tmp_path)
        inside, leave = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with first.alone("desk-1"):
                seen.append("first in")
                inside.set()
                await leave.wait()
                seen.append("first out")

        async def want() -> None:
            async with second.alone("desk-1"):
                seen.append("second in")

        holder = asyncio.create_task(hold())
        await inside.wait()
        async with second.alone("desk-2"):
            seen.append("another board")
        waiter = asyncio.create_task(want())
        await asyncio.sleep(0.05)
        leave.set()
        await asyncio.gather(holder, waiter)
        return seen

    assert asyncio.run(scenario()) == ["first in", "another board", "first out", "second in"]
