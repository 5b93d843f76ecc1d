"""How a run ends that does not go to its end: at once, and with all that was judged."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from harness.errors import HostError
from harness.machine.qemu.observe import observe_guest
from harness.machine.qemu.qmp import Monitor
from harness.report.progress import Phase
from harness.report.progress.plain import PlainProgress
from harness.report.results import CellRecord
from harness.run.accelerators import Emulators
from harness.run.engine import Run
from harness.run.runner import Options, run_works
from harness.run.work import Prepared, Say
from harness.store import Store
from harness.words import Verdict
from tests.unit.run.test_engine import FakeWork, engine


class Scripted(FakeWork):
    """Its builds do what the test says, one after the other."""

    def __init__(self, name: str, *steps: Callable[[Say], None], errors: int = 0) -> None:
        super().__init__(name, errors=errors)
        self._steps = list(steps)

    def prepare(self, folder: Path, say: Say) -> Prepared:
        """The next step."""
        if self._steps:
            self._steps.pop(0)(say)
        return super().prepare(folder, say)


class Quiet(PlainProgress):
    """Keeps what it was told of phases and verdicts, and calls `judged` at each of the latter."""

    def __init__(self, judged: Callable[[], None] = lambda: None) -> None:
        super().__init__(io.StringIO())
        self.told: list[str] = []
        self._judged = judged

    def phase(self, cell: str, phase: Phase, detail: str = "") -> None:
        """Keep it."""
        self.told.append(f"{phase} {detail}".strip())

    def done(self, cell: str, record: CellRecord) -> None:
        """Keep it."""
        self.told.append("done")
        self._judged()


def nothing(_say: Say) -> None:
    """A build that succeeds."""


def test_no_two_works_have_one_id(tmp_path: Path) -> None:
    works = [FakeWork("one"), FakeWork("one")]
    with pytest.raises(ValueError, match="two works of one id"):
        Run(engine(tmp_path, *works), works)


def test_a_signal_waits_for_no_silent_step(tmp_path: Path) -> None:
    go, went_on = threading.Event(), threading.Event()

    def silent(_say: Say) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        go.wait(60)
        went_on.set()

    (tmp_path / "run").mkdir()
    with PlainProgress(io.StringIO()) as progress:
        record = run_works([Scripted("silent", silent)], Options(tmp_path / "run"), Store(tmp_path), progress)
    waited = went_on.is_set()
    go.set()
    assert record.interrupted
    assert [cell.verdict for cell in record.cells] == [Verdict.SKIP]
    assert not waited, "the record came when the step had ended"


def test_a_verdict_stands_when_the_next_attempt_cannot_be_prepared(tmp_path: Path) -> None:
    def full(_say: Say) -> None:
        raise HostError("no room is left")

    work = Scripted("flaky", nothing, full, errors=1)
    (record,) = asyncio.run(Run(engine(tmp_path, work), [work]).finish())
    assert len(record.attempts) == 1
    assert "ended with status 1" in str(record.cause), "the cause is the attempt's"


def test_a_verdict_stands_when_the_next_attempt_is_interrupted(tmp_path: Path) -> None:
    async def scenario() -> CellRecord:
        second, go = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def waits(_say: Say) -> None:
            loop.call_soon_threadsafe(second.set)
            go.wait(60)

        work = Scripted("flaky", nothing, waits, errors=1)
        run = Run(engine(tmp_path, work), [work])
        task = asyncio.create_task(run.finish())
        await second.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        return run.records[0]

    record = asyncio.run(scenario())
    assert (record.verdict, len(record.attempts)) == (Verdict.ERROR, 1)


def test_nobody_builds_on_for_a_cell_that_has_its_verdict(tmp_path: Path) -> None:
    """Its emulator is missing: what its build says after that ends the build, and is not shown."""
    judged, ended = threading.Event(), threading.Event()

    def building(say: Say) -> None:
        judged.wait(60)
        try:
            say("an object more")
        except KeyboardInterrupt:
            ended.set()
            raise

    class NoEmulator(Emulators):
        async def of(self, target: object, kernel: str) -> object:  # type: ignore[override]
            raise HostError("no QEMU")

    work = Scripted("one", building)
    progress = Quiet(judged.set)
    settings = engine(tmp_path)
    settings = replace(settings, progress=progress, emulators=NoEmulator(Store(tmp_path), lambda _: None))
    (record,) = asyncio.run(Run(settings, [work]).finish())
    assert (record.verdict, record.cause) == (Verdict.ERROR, "no QEMU")
    assert ended.wait(60)
    assert progress.told[-1] == "done"


def test_a_bug_costs_one_cell_also_where_its_trace_cannot_be_written(tmp_path: Path) -> None:
    def breaks(_say: Say) -> None:
        (tmp_path / "run/console/broken.traceback").mkdir()
        raise ZeroDivisionError

    works = [Scripted("broken", breaks), FakeWork("other")]
    broken, other = asyncio.run(Run(engine(tmp_path, *works), works).finish())
    assert "a bug in bootmatrix" in str(broken.cause)
    assert other.verdict is Verdict.ERROR


def test_a_look_that_is_given_up_leaves_no_memory_behind(tmp_path: Path) -> None:
    dumping = asyncio.Event()
    there: list[bool] = []

    class Slow:
        async def execute(self, command: str, **arguments: object) -> object:
            if command == "pmemsave":
                there.append(os.access(str(arguments["filename"]), os.W_OK))
                dumping.set()
                await asyncio.Event().wait()
            if command == "query-cpus-fast":
                return [{}]
            if arguments.get("command-line") == "info mtree -f":
                return "  0000000000000000-000000000fffffff (prio 0, ram): ram\n"
            return ""

    async def scenario() -> None:
        look = asyncio.create_task(observe_guest(cast(Monitor, Slow()), tmp_path))
        await dumping.wait()
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look

    asyncio.run(scenario())
    assert there == [True]
    assert not list(tmp_path.glob("memory*"))
