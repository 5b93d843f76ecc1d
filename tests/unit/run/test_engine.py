"""The engine with works of our own making: order, retries, errors of every kind, interruption. No guest is booted."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.boot.ladder import Rung
from harness.errors import HostError
from harness.machine.board.binding import BoundBoard, BoundLab
from harness.machine.board.lab import Board, Power
from harness.machine.qemu.argv import Media
from harness.plan.matrix import Retry
from harness.plan.target import Target
from harness.preflight.finding import Finding, Level
from harness.report.progress import Phase
from harness.report.progress.plain import PlainProgress
from harness.report.results import CellRecord
from harness.run.accelerators import Emulators
from harness.run.admission import Admission, Need
from harness.run.engine import Engine, Run
from harness.run.history import History
from harness.run.work import Prepared, Say
from harness.store import Store
from harness.words import Outcome, Verdict


def target(name: str, expected: float = 1) -> Target:
    """A target whose boots are never started."""
    return Target.model_validate(
        {
            "name": name,
            "summary": name,
            "arch": "arm64",
            "class": "iot",
            "machine": {"type": "virt"},
            "console": {"device": "ttyAMA0"},
            "kernel": {"package": "linux-image-arm64"},
            "boot": {"expected": expected},
        }
    )


class FakeWork:
    """Work on a board whose power switch fails: an error of the lab at the first moment of its boot."""

    def __init__(
        self,
        name: str,
        *,
        expected: float = 1,
        problem: Exception | None = None,
        errors: int = 0,
        findings: tuple[Finding, ...] = (),
    ) -> None:
        self.id = name
        self._findings = findings
        self.target = target(name, expected)
        self.axes = ("image", "kernel", "media")
        self.retry = Retry(errors=errors, failures=0)
        self.deadline = 1.0
        self.prepared = 0
        self._problem = problem

    def prepare(self, folder: Path, say: Say) -> Prepared:
        """Count, and fail as told."""
        self.prepared += 1
        if self._problem:
            raise self._problem
        rungs: Callable[[bool], Sequence[Rung]] = lambda _: ()  # noqa: E731
        return Prepared(Media(), rungs, findings=self._findings)


CERTAIN = Finding(
    Level.ERROR, "CONFIG_TTY is not set", "nothing", "CONFIG_TTY", predicts=Outcome.NO_OUTPUT, cause="console-missing"
)
LIKELY = Finding(Level.WARNING, "CONFIG_SMP is not set", "one processor only", "CONFIG_SMP")


class Telling(PlainProgress):
    """Sets an event when a cell is judged."""

    def __init__(self, judged: asyncio.Event) -> None:
        super().__init__(sys.stderr)
        self._judged = judged

    def done(self, cell: str, record: CellRecord) -> None:
        """Tell."""
        self._judged.set()


def engine(tmp_path: Path, *works: FakeWork, jobs: int = 1) -> Engine:
    """An engine whose lab has a board for every work; its switch writes down which board it is, and fails."""
    log = tmp_path / "switched"
    script = f"import sys; open({str(log)!r}, 'a').write(sys.argv[1] + chr(10)); sys.exit(1)"
    boards = {
        work.id: BoundBoard(
            f"board-{work.id}",
            Board(
                target=work.id,
                console="/dev/null",
                power=Power(on=(sys.executable,), off=(sys.executable, "-c", script, work.id)),
            ),
            tmp_path,
        )
        for work in works
    }
    return Engine(
        run_dir=tmp_path / "run",
        progress=PlainProgress(sys.stderr),
        emulators=Emulators(Store(tmp_path), lambda _: None),
        admission=Admission(Need(1000, 2), tmp_path / "admission"),
        history=History(tmp_path / "history.json"),
        jobs=jobs,
        lab=BoundLab(boards),
    )


class Held(FakeWork):
    """Its build waits until the test lets it go on."""

    def __init__(self, name: str, *, expected: float, go: threading.Event) -> None:
        super().__init__(name, expected=expected)
        self._go = go

    def prepare(self, folder: Path, say: Say) -> Prepared:
        """Wait for the word."""
        self._go.wait(60)
        return super().prepare(folder, say)


class Compiling(FakeWork):
    """Its build tells of one object after another, for ever."""

    def prepare(self, folder: Path, say: Say) -> Prepared:
        """Go on until told to end."""
        for count in range(10_000):
            say(f"{count} objects")
            time.sleep(0.01)
        return super().prepare(folder, say)


class InLine(PlainProgress):
    """Sets an event when as many cells as asked for wait to be booted."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self._waiting = 0
        self._steps: dict[int, asyncio.Event] = {}

    def reached(self, count: int) -> asyncio.Event:
        """The event of `count` cells having come to wait."""
        return self._steps.setdefault(count, asyncio.Event())

    def phase(self, cell: str, phase: Phase, detail: str = "") -> None:
        """Count."""
        if phase == "waiting":
            self._waiting += 1
            self.reached(self._waiting).set()


def test_the_longest_expected_boots_first(tmp_path: Path) -> None:
    """Of those that are built; so one holds the only place while the others are."""
    go = threading.Event()
    first = FakeWork("first")
    others = [Held(name, expected=expected, go=go) for name, expected in (("short", 1), ("long", 9), ("middle", 5))]
    works = [first, *others]

    async def scenario() -> None:
        progress = InLine()
        settings = replace(engine(tmp_path, *works), progress=progress)
        async with settings.admission.alone("board-first"):
            run = asyncio.create_task(Run(settings, works).finish())
            await progress.reached(1).wait()
            go.set()
            await progress.reached(4).wait()
        await run

    asyncio.run(scenario())
    switched = (tmp_path / "switched").read_text().split()  # off before the boot, and after its failure
    assert list(dict.fromkeys(switched)) == ["first", "long", "middle", "short"]


def test_what_preflight_is_certain_of_is_not_booted(tmp_path: Path) -> None:
    told = io.StringIO()
    works = [FakeWork(name, findings=(CERTAIN, LIKELY)) for name in ("one", "two")]
    run = Run(replace(engine(tmp_path, *works), progress=PlainProgress(told)), works)
    for record in asyncio.run(run.finish()):
        assert (record.verdict, record.outcome, record.attempts) == (Verdict.FAIL, None, ())
        assert record.cause == ("preflight: CONFIG_TTY is not set: nothing (no-output); --no-preflight boots it anyway")
        assert [found.level for found in record.preflight] == ["error", "warning"]
        assert record.preflight[0].predicts is Outcome.NO_OUTPUT
        assert record.diagnosis
        assert (record.diagnosis.id, record.diagnosis.next) == ("console-missing", "set CONFIG_TTY=y")
    assert told.getvalue().count("preflight: warning: CONFIG_SMP is not set") == 1  # for both cells


def test_what_preflight_is_certain_of_is_booted_if_the_user_insists(tmp_path: Path) -> None:
    work = FakeWork("one", findings=(CERTAIN,))
    (record,) = asyncio.run(Run(replace(engine(tmp_path, work), preflight=False), [work]).finish())
    assert len(record.attempts) == 1
    assert [found.symbol for found in record.preflight] == ["CONFIG_TTY"]


def test_a_warning_stops_nothing(tmp_path: Path) -> None:
    work = FakeWork("one", findings=(LIKELY,))
    (record,) = asyncio.run(Run(engine(tmp_path, work), [work]).finish())
    assert len(record.attempts) == 1


def test_errors_are_retried_as_the_matrix_says(tmp_path: Path) -> None:
    work = FakeWork("flaky", errors=2)
    (record,) = asyncio.run(Run(engine(tmp_path, work), [work]).finish())
    assert record.verdict is Verdict.ERROR
    assert len(record.attempts) == 3
    assert work.prepared == 3, "every attempt gets fresh disks"
    assert "ended with status 1" in str(record.cause)


@pytest.mark.parametrize(
    ("problem", "cause"),
    [
        (HostError("no server answers", hint="try later"), "no server answers; try later"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ZeroDivisionError("of ours"), "a bug in bootmatrix: ZeroDivisionError('of ours')"),
    ],
)
def test_a_build_that_fails_costs_its_cell_only(tmp_path: Path, problem: Exception, cause: str) -> None:
    works = [FakeWork("broken", problem=problem), FakeWork("other")]
    broken, other = asyncio.run(Run(engine(tmp_path, *works, jobs=2), works).finish())
    assert broken.verdict is Verdict.ERROR
    assert cause in str(broken.cause)
    assert other.attempts, "the other cell was tried all the same"
    assert (tmp_path / "run/console/broken.traceback").exists() == isinstance(problem, ZeroDivisionError)


async def interrupted(settings: Engine, works: Sequence[FakeWork], judged: asyncio.Event) -> Run:
    """A run that is ended as soon as the first of its works has its verdict."""
    run = Run(settings, works)
    task = asyncio.create_task(run.finish())
    await judged.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return run


def test_an_interrupted_run_has_a_record_of_every_cell(tmp_path: Path) -> None:
    done, waiting = FakeWork("done", expected=9), FakeWork("waiting")

    async def scenario() -> Run:
        judged = asyncio.Event()
        settings = replace(engine(tmp_path, done, waiting, jobs=2), progress=Telling(judged))
        async with settings.admission.alone("board-waiting"):
            return await interrupted(settings, [done, waiting], judged)

    first, second = asyncio.run(scenario()).records
    assert first.verdict is Verdict.ERROR
    assert (second.verdict, second.cause) == (Verdict.SKIP, "the run was interrupted before its verdict")


def test_a_build_ends_with_an_interrupted_run(tmp_path: Path) -> None:
    done, compiling = FakeWork("done", expected=9), Compiling("compiling")

    async def scenario() -> Run:
        judged = asyncio.Event()
        settings = replace(engine(tmp_path, done, compiling, jobs=2), progress=Telling(judged))
        return await interrupted(settings, [done, compiling], judged)

    second = asyncio.run(scenario()).records[1]
    assert second.verdict is Verdict.SKIP
    assert compiling.prepared == 0, "its build went on to the end"
