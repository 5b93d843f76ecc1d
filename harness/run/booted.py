"""A booted machine for plain, synchronous code: a vendor's own tests run commands on it or talk to its console."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from harness.boot.dialogue import CommandResult, LineSpawn, Shell
from harness.boot.session import Session
from harness.errors import BootmatrixError, HostError
from harness.machine.board.binding import BoundBoard
from harness.machine.protocol import Port
from harness.preflight.finding import errors
from harness.report.progress import Progress
from harness.report.reason import reason
from harness.report.text import SENTENCE, clean
from harness.run.accelerators import Emulators
from harness.run.admission import Admission
from harness.run.attempt import Attempt, admitted, judged, make_machine, not_started, plan_of
from harness.run.cellwork import CellWork
from harness.run.records import cause_record, refusal
from harness.store import Store
from harness.words import Reached

T = TypeVar("T")


class GuestNotReady(BootmatrixError):
    """The machine was booted, but its guest did not come up; the message has outcome and cause."""


class BootedMachine:
    """Switched on and ready when the constructor returns; use it as a context, or call `power_off` at the end.

    The machine lives in an event loop of its own thread, so its console is drained whatever the caller does.
    """

    def __init__(
        self,
        work: CellWork,
        store: Store,
        *,
        folder: Path,
        progress: Progress,
        board: BoundBoard | None = None,
        preflight: bool = True,
    ) -> None:
        """Build, boot, wait for `ready`. `folder` gets the machine's files and `<cell>.log`.

        `preflight`: boot nothing that it is certain would fail.

        Raises GuestNotReady, and whatever a build or a start raises.
        """
        self.cell = work.id
        self._preflight = preflight
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"machine-{work.id}", daemon=True)
        self._thread.start()
        self._switch_off: asyncio.Event | None = None
        self._session: Session | None = None
        self._shell: Shell | None = None
        up: Future[Session] = Future()
        self._life = asyncio.run_coroutine_threadsafe(self._live(work, store, folder, progress, board, up), self._loop)
        self._life.add_done_callback(lambda life: _pass_on(life, up))
        try:
            self._session = up.result()
            self._shell = Shell(self.spawn())
        except BaseException:
            self.power_off()
            raise

    async def _live(
        self,
        work: CellWork,
        store: Store,
        folder: Path,
        progress: Progress,
        board: BoundBoard | None,
        up: Future[Session],
    ) -> None:
        """The whole life of the machine, in one task: admission, boot, use, end."""
        self._switch_off = asyncio.Event()
        emulator = None if board else await Emulators(store, progress.note).of(work.target, work.axes[1])
        prepared = await asyncio.to_thread(work.prepare, folder, progress.note)
        if self._preflight and (found := errors(prepared.findings)):
            raise GuestNotReady(f"{work.id}: {refusal(found)}")
        machine = make_machine(work, prepared, emulator=emulator, board=board, folder=folder)
        async with admitted(Admission(), work, emulator=emulator, board=board):
            session = Session(machine, plan_of(work, prepared, machine, progress), records=folder, name=work.id)
            try:
                async with session:
                    if await session.until_ready():
                        session.cease_judging()
                        up.set_result(session)
                        await self._switch_off.wait()
                        return
                    await session.until_over()
                    await session.look_closer()
            except HostError as problem:
                failed = not_started(str(problem), work, prepared, machine)
            else:
                failed = await judged(work, prepared, machine, session.result())
            raise GuestNotReady(_story(work.id, failed), hint=f"again by hand: {machine.by_hand}")

    @property
    def milestones(self) -> list[Reached]:
        """The milestones reached on the way up."""
        return list(self._up.judge.reached)

    @property
    def _up(self) -> Session:
        if self._session is None:
            raise BootmatrixError(f"{self.cell} is switched off")
        return self._session

    def run(self, command: str, timeout: float = 30) -> CommandResult:
        """A shell command in the guest, waited for. Raises GuestGone when the guest dies meanwhile."""
        if self._shell is None:
            raise BootmatrixError(f"{self.cell} is switched off")
        return self._shell.run(command, timeout)

    def spawn(self, port: Port | None = None) -> LineSpawn:
        """pexpect on a line of the machine (default: the one for commands)."""

        async def make() -> LineSpawn:
            return self._up.spawn(port)

        return self._call(make())

    @property
    def console(self) -> LineSpawn:
        """pexpect on the console."""
        return self.spawn(Port.CONSOLE)

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def power_off(self) -> None:
        """Switch off; nothing of the machine is left afterwards. A second call does nothing."""
        self._session = self._shell = None
        if self._loop.is_closed():
            return
        if self._switch_off:
            self._loop.call_soon_threadsafe(self._switch_off.set)
        else:
            self._life.cancel()
        failure = None if self._life.cancelled() else _outcome(self._life)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if failure and not isinstance(failure, BootmatrixError):
            raise failure

    def __enter__(self) -> BootedMachine:
        return self

    def __exit__(self, *_: object) -> None:
        self.power_off()


def _story(cell: str, failed: Attempt) -> str:
    """The ruling, and what is known of its cause, as the record of a cell has it."""
    ruling = failed.ruling
    seen = f"{ruling.outcome}: {ruling.cause}" if ruling else failed.trouble or ""
    lines = [f"{cell} is not up: {clean(seen, SENTENCE)}"]
    if found := cause_record(failed.diagnosis):
        lines += reason(found)
    return "\n".join(lines)


def _outcome(life: Future[None]) -> BaseException | None:
    """Wait for the end of a machine's life."""
    try:
        return life.exception()
    except BaseException as problem:  # cancelled: it ends all the same
        return problem if not isinstance(problem, Exception) and not life.cancelled() else None


def _pass_on(life: Future[None], up: Future[Session]) -> None:
    """Whoever waits for the machine to be up learns that it never will be."""
    if up.done():
        return
    problem = BootmatrixError("the machine was switched off before it was up") if life.cancelled() else life.exception()
    up.set_exception(problem or BootmatrixError("the machine ended before it was up"))
