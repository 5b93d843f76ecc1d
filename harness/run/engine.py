"""Runs a set of works: builds run ahead of boots, the longest boot starts first, and whatever ends it is recorded."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import BootmatrixError
from harness.machine.board.binding import BoundBoard, BoundLab
from harness.preflight.finding import errors
from harness.report.progress import Progress
from harness.report.results import CellRecord
from harness.run.accelerators import Emulator, Emulators
from harness.run.admission import Admission
from harness.run.attempt import Attempt, MachineMaker, admitted, attempt, make_machine
from harness.run.history import History
from harness.run.records import cell_record, not_booted, refused
from harness.run.threads import Abandoned
from harness.run.trial import Trial
from harness.run.work import Prepared, Work
from harness.words import Verdict

BUILDERS = 4  # downloads wait more than they compute


@dataclass(frozen=True, slots=True)
class Engine:
    """What a run needs besides its works. `jobs` boots run at once at most; admission may let fewer.

    `ended` is set once nobody waits any more for what threads do.
    """

    run_dir: Path
    progress: Progress
    emulators: Emulators
    admission: Admission
    history: History
    jobs: int
    lab: BoundLab = field(default_factory=BoundLab)
    preflight: bool = True  # whether its errors keep a cell from being booted
    machines: MachineMaker = make_machine
    ended: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class _Built:
    """A work whose build has ended."""

    work: Work
    prepared: Prepared
    board: BoundBoard | None
    seconds: float


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    """A place in the line for booting: the longest expected first, then the earliest. The end of all stands last."""

    priority: tuple[float, int]
    built: _Built | None = field(compare=False)


class Run:
    """One execution; `records` is true at any time, also after an interruption."""

    def __init__(self, engine: Engine, works: Sequence[Work]) -> None:
        """`works`: no two of one id, under which each has its folder and its record."""
        if len({work.id for work in works}) != len(works):
            raise ValueError("two works of one id")
        self._engine = engine
        self._works = list(works)
        self._records: dict[str, CellRecord] = {}
        self._line: asyncio.PriorityQueue[_Waiting] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._told_of: set[str] = set()
        (engine.run_dir / "console").mkdir(parents=True, exist_ok=True)

    @property
    def records(self) -> list[CellRecord]:
        """Every work's record; those not judged yet are `skip`, and say that the run was interrupted."""
        return [
            self._records.get(work.id) or not_booted(work, Verdict.SKIP, "the run was interrupted before its verdict")
            for work in self._works
        ]

    async def finish(self) -> list[CellRecord]:
        """Build and boot everything."""
        pool = Abandoned(BUILDERS, thread_name_prefix="build")
        try:
            async with asyncio.TaskGroup() as group:
                for work in sorted(self._works, key=self._expected, reverse=True):
                    group.create_task(self._build(work, pool))
                for _ in range(min(self._engine.jobs, len(self._works))):
                    group.create_task(self._boot_next())
        finally:
            self._engine.ended.set()
            pool.shutdown()
            self._engine.history.save()
        return self.records

    def _expected(self, work: Work) -> float:
        return self._engine.history.expected(work.id, work.target.boot.expected)

    def _done(self, record: CellRecord) -> None:
        self._records[record.cell] = record
        self._engine.progress.done(record.cell, record)
        if len(self._records) == len(self._works):
            for _ in range(self._engine.jobs):
                self._line.put_nowait(_Waiting((float("inf"), 0), None))

    def _work_folder(self, work: Work) -> Path:
        return self._engine.run_dir / "work" / work.id

    async def _build(self, work: Work, pool: Abandoned) -> None:
        started = time.monotonic()
        progress = self._engine.progress
        progress.phase(work.id, "build")
        board = self._engine.lab.board_for(work.target.name)
        folder = self._work_folder(work)
        given_up = threading.Event()

        def tell(text: str) -> None:
            if given_up.is_set() or self._engine.ended.is_set():
                raise KeyboardInterrupt  # nobody waits any more: a kernel's build would go on for minutes
            progress.phase(work.id, "build", text)

        def prepare() -> Prepared:
            folder.mkdir(parents=True, exist_ok=True)
            return work.prepare(folder, tell)

        try:
            if board is None:
                # Beside the build, and so early that a run learns at once what it has to emulate with.
                emulator = asyncio.create_task(self._emulator(work))
                prepared, _ = await asyncio.gather(asyncio.get_running_loop().run_in_executor(pool, prepare), emulator)
            else:
                prepared = await asyncio.get_running_loop().run_in_executor(pool, prepare)
        except Exception as problem:
            given_up.set()
            self._done(not_booted(work, Verdict.ERROR, self._told(work, problem), build=time.monotonic() - started))
            return
        self._tell(prepared)
        if self._engine.preflight and errors(prepared.findings):
            self._done(refused(work, prepared, time.monotonic() - started))
            return
        progress.phase(work.id, "waiting")
        priority = (-self._expected(work), next(self._numbers))
        self._line.put_nowait(_Waiting(priority, _Built(work, prepared, board, time.monotonic() - started)))

    def _tell(self, prepared: Prepared) -> None:
        """Warnings of preflight, each once a run; its errors are told as the cause of their cells."""
        for finding in prepared.findings:
            if finding.level != "error" or not self._engine.preflight:
                text = f"preflight: {finding.level}: {finding}"
                if text not in self._told_of:
                    self._told_of.add(text)
                    self._engine.progress.note(text)

    async def _boot_next(self) -> None:
        """One of `jobs` workers: take the longest boot that is built, until every work has its record."""
        while built := (await self._line.get()).built:
            try:
                emulator = None if built.board else await self._emulator(built.work)
                async with admitted(self._engine.admission, built.work, emulator=emulator, board=built.board):
                    await self._boot(built, emulator)
            except Exception as problem:
                cause = self._told(built.work, problem)
                self._done(not_booted(built.work, Verdict.ERROR, cause, build=built.seconds))

    def _told(self, work: Work, problem: Exception) -> str:
        """Why a cell ended in an error. What nobody foresaw is a bug of ours: it costs this cell, and not the run."""
        if isinstance(problem, BootmatrixError):
            return str(problem)
        if isinstance(problem, OSError):
            return f"the host failed: {problem}; see that its disk is neither full nor read-only"
        log = self._engine.run_dir / "console" / f"{work.id}.traceback"
        trace = "".join(traceback.format_exception(problem))
        with contextlib.suppress(OSError):  # without room for it, still this cell alone
            log.write_text(trace, encoding="utf-8", errors="backslashreplace")
        return f"a bug in bootmatrix: {problem!r}; please report it with {log}"

    async def _emulator(self, work: Work) -> Emulator:
        return await self._engine.emulators.of(work.target, work.axes[1])

    async def _boot(self, built: _Built, emulator: Emulator | None) -> None:
        work, folder = built.work, self._work_folder(built.work)
        machine_name = work.target.machine.type

        async def once(prepared: Prepared, name: str) -> Attempt:
            nonlocal machine_name
            machine = self._engine.machines(work, prepared, emulator=emulator, board=built.board, folder=folder)
            machine_name = machine.name
            records = self._engine.run_dir / "console"
            return await attempt(work, prepared, machine, records=records, name=name, progress=self._engine.progress)

        async def anew() -> Prepared:
            return await asyncio.to_thread(work.prepare, folder, lambda _: None)

        trial = Trial(work, built.prepared, once, anew, self._engine.progress.note)
        try:
            await trial.run()
        except Exception as problem:
            if not trial.attempts:
                raise
            self._engine.progress.note(f"{work.id} could not be booted once more: {self._told(work, problem)}")
        finally:  # also of an interruption: what was judged stays judged
            if trial.attempts:
                self._judged(built, emulator, machine_name, trial)

    def _judged(self, built: _Built, emulator: Emulator | None, machine_name: str, trial: Trial) -> None:
        last = trial.attempts[-1]
        if last.verdict is Verdict.PASS and last.result:
            self._engine.history.took(built.work.id, last.result.boot)
        self._done(
            cell_record(
                built.work,
                machine=machine_name,
                emulator=emulator,
                prepared=built.prepared,
                attempts=trial.attempts,
                probes=trial.probes,
                build=built.seconds,
                run_dir=self._engine.run_dir,
            )
        )
