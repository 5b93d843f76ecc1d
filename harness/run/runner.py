"""From works to a finished run folder: the engine in an event loop, signals, and the record whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import HostError, InputError
from harness.machine.board.binding import BoundLab
from harness.report.progress import Progress
from harness.report.results import RunRecord
from harness.run.accelerators import Emulators
from harness.run.admission import Admission, boots_at_once
from harness.run.engine import Engine, Run
from harness.run.history import History
from harness.run.records import host_record
from harness.run.threads import Abandoned
from harness.run.work import Work
from harness.store import Store


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is done. `jobs` defaults to what keeps the processors busy that we may use."""

    run_dir: Path
    jobs: int | None = None
    lab: BoundLab = field(default_factory=BoundLab)
    preflight: bool = True


def new_run_dir(base: Path) -> Path:
    """A folder of this moment below `base`, made now. Raises HostError when it cannot be made."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    for number in range(1, 1000):
        path = base / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as problem:
            raise HostError(f"cannot make {path}: {problem.strerror}", hint="name another folder with --out") from None
        return path
    raise HostError(f"{base} has a thousand runs of this very second", hint="name a folder with --out")


def chosen_run_dir(path: Path) -> Path:
    """The folder that the user named; it may exist, but not hold another run. Raises InputError and HostError."""
    if (path / "results.json").exists():
        raise InputError(f"{path} already holds a run", hint="name another folder, or remove it")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise HostError(f"cannot make {path}: {problem.strerror}", hint="name another folder with --out") from None
    return path


def run_works(works: Sequence[Work], options: Options, store: Store, progress: Progress) -> RunRecord:
    """Run them all and return the record, also of an interrupted run (SIGINT, SIGTERM, SIGHUP). Blocks until done.

    An interrupted run waits for no thread: who gets a signal wants the record before the next one ends the process.
    """
    clock = time.monotonic()
    started = datetime.now(UTC)
    emulators_seen: list[Emulators] = []
    runs: list[Run] = []
    ended = threading.Event()

    def note(text: str) -> None:
        if ended.is_set():
            raise KeyboardInterrupt  # in a thread that makes a nested host: a kernel's build would go on for minutes
        progress.note(text)

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - we are running in it
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Abandoned())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(ValueError, RuntimeError):  # not the main thread: its owner handles signals
                loop.add_signal_handler(number, task.cancel)
        emulators = Emulators(store, note)
        emulators_seen.append(emulators)
        engine = Engine(
            run_dir=options.run_dir,
            progress=progress,
            emulators=emulators,
            admission=Admission(),
            history=History(store.root / "history.json"),
            jobs=options.jobs or boots_at_once(len(os.sched_getaffinity(0))),
            lab=options.lab,
            preflight=options.preflight,
            ended=ended,
        )
        run = Run(engine, works)
        runs.append(run)
        await run.finish()

    interrupted = False
    try:
        asyncio.run(main())
    except (asyncio.CancelledError, KeyboardInterrupt):
        interrupted = True
    return RunRecord(
        run=options.run_dir.name,
        started=started,
        seconds=time.monotonic() - clock,
        interrupted=interrupted,
        host=host_record(emulators_seen[0].found() if emulators_seen else {}),
        cells=tuple(runs[0].records) if runs else (),
    )
