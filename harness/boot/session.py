"""One boot of one machine, from power-on to a verdict: the only place where the boot room waits.

Every wait is on the event stream: a milestone, a death, the machine's end or the end of patience wakes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from harness.boot.checks.check import Check, CheckFailed, Guest
from harness.boot.dialogue import GuestGone, LineSpawn, Shell
from harness.boot.guest import SessionGuest
from harness.boot.judge import Judge, Ruling
from harness.boot.ladder import POWEROFF, Rung, check_kind
from harness.boot.patience import Patience, RanOut
from harness.boot.preamble import KIND as PREAMBLE
from harness.boot.preamble import Preamble, Refused
from harness.boot.recorder import Recorder
from harness.boot.stream import EventStream
from harness.errors import BootmatrixError, HostError
from harness.machine.observation import Observation
from harness.machine.protocol import Machine, Port
from harness.words import Event, Outcome, Reached, Source

# A death is reported when its line has come; the trace behind it is evidence, and gets this long to arrive.
TRACE_SILENCE = 0.06
TRACE_LIMIT = 0.3
TOLD = 40  # events of the machine itself that are kept; a healthy boot has about five
SHELL_TIMEOUT = 60.0
# A guest that says no more of itself is looked into. The verdict is out by then, and no later for it.
STUCK = frozenset({Outcome.HANG, Outcome.NO_OUTPUT, Outcome.LOCKUP, Outcome.RCU_STALL, Outcome.HUNG_TASK})


@dataclass(frozen=True, slots=True)
class Limits:
    """Patience in seconds of the machine's own time, and how many resets a healthy boot has."""

    silence: float
    deadline: float
    resets: int = 0


@dataclass(frozen=True, slots=True)
class BootResult:
    """What a boot came to. Times are seconds; `boot` runs from power-on to what decided, `teardown` from there on."""

    ruling: Ruling
    reached: tuple[Reached, ...]
    missing: tuple[str, ...]
    boot: float
    teardown: float
    console_log: Path
    observation: Observation | None = None  # of a guest that was stuck
    told: tuple[Event, ...] = ()  # what QMP and the process told while it ran, the last of it


@dataclass(frozen=True, slots=True)
class Plan:
    """What a boot is held against: its milestones, its limits, and the kernel release that its shell must name.

    `checks` are asked of a guest that is up, those whose milestone is still missing; `key` is for those that log in.
    `farewell`: the command that switches it off. `preamble` is said on the console before the kernel runs. `reached` is
    told of every milestone, `ruled` of what ends the boot, both at the moment they are seen.
    """

    rungs: Sequence[Rung]
    limits: Limits
    release: str | None = None
    checks: Sequence[Check] = ()
    key: Path | None = None
    farewell: str = "poweroff -f"
    preamble: Preamble | None = None
    reached: Callable[[Reached], None] = field(default=lambda _: None)
    ruled: Callable[[Ruling], None] = field(default=lambda _: None)


class Session:
    """`async with Session(...) as session`: the machine is on inside, and certainly off outside."""

    def __init__(self, machine: Machine, plan: Plan, *, records: Path, name: str) -> None:
        """`records` is the folder for `<name>.log` and `<name>.jsonl`."""
        self.machine = machine
        self._plan = plan
        self.stream = EventStream()
        self._recorder = Recorder(records, name)
        self.judge = Judge(
            plan.rungs,
            resets=plan.limits.resets,
            reached=plan.reached,
            told_of_resets=machine.watches_itself,
        )
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._heard = asyncio.Event()
        self._clock: asyncio.Task[None] | None = None
        self._preamble: asyncio.Task[None] | None = None
        self._spawns: dict[Port, LineSpawn] = {}
        self._decided_at: float | None = None
        self._teardown = 0.0
        self._on = False
        self._observation: Observation | None = None
        self._told: deque[Event] = deque(maxlen=TOLD)
        self._patience = Patience(plan.limits.silence, plan.limits.deadline)
        self._gone: str | None = None  # why no guest answers any more

    async def __aenter__(self) -> Session:
        self.stream.tap(self._recorder.received)
        for consumer in (self._recorder, self.judge, self):
            self.stream.subscribe(consumer)
        try:
            self.stream.power_on_now()
            if self._plan.preamble:  # it listens before the first byte comes
                saying = asyncio.to_thread(
                    self._say, self._plan.preamble, self.spawn(Port.CONSOLE), asyncio.get_running_loop()
                )
                self._preamble = asyncio.create_task(saying)
            await self.machine.power_on(self.stream.sink)
        except BaseException:  # cancelled half-way, too: what was switched on already is switched off again
            try:
                with contextlib.suppress(BootmatrixError):  # the first failure is the one to tell
                    await self.machine.power_off()
            finally:
                self._hang_up("the machine was not switched on")
                self._recorder.close()
            raise
        self._on = True
        self._clock = asyncio.create_task(self._watch_the_clock())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def see(self, event: Event) -> None:
        """Wake whoever waits; comes after the judge in the stream."""
        if event.source in (Source.CONSOLE, Source.QMP) and self._on:
            self._patience.lives(self.stream.lived_at(), self.machine.held_back)
        if event.source is Source.CONSOLE:
            self._heard.set()
        elif event.source in (Source.QMP, Source.PROCESS) and self._on:
            self._told.append(event)
        if self.judge.is_ready:
            self._ready.set()
        if self.judge.is_over or self._recorder.problem or self.stream.problem:
            if self._decided_at is None and self._on:  # what comes while we switch off decides nothing
                self._decided_at = self.stream.now()
                self._plan.ruled(self.judge.verdict())
            self._over.set()
            self._ready.set()
            if self.judge.ruling or event.source is Source.PROCESS:
                self._hang_up(self.judge.verdict().cause or "the machine was switched off")

    async def _watch_the_clock(self) -> None:
        while not self._over.is_set():
            now = self.stream.now()
            look = self._patience.look(now, self.stream.lived_at(), self.machine.held_back())
            if isinstance(look, RanOut):
                self.stream.emit(Source.CLOCK, look.kind, look.text)
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), look)

    async def until_ready(self) -> bool:
        """Wait until the guest is up. False: it will not be, and the ruling says why."""
        await self._ready.wait()
        return self.judge.ruling is None and self.judge.is_ready and not (self._recorder.problem or self.stream.problem)

    async def until_over(self) -> None:
        """Wait until there is nothing more to wait for, then for the trace that follows a death."""
        await self._over.wait()
        if self.judge.died:
            await self._trace()

    async def look_closer(self) -> None:
        """After the ruling and before the machine's end: what a guest that is stuck, or was silent, shows of itself."""
        if self.judge.ruling and (self.judge.ruling.outcome in STUCK or self.judge.is_silent):
            self._observation = await self.machine.observe()

    async def _trace(self) -> None:
        until = time.monotonic() + TRACE_LIMIT
        while time.monotonic() < until:
            self._heard.clear()
            try:
                await asyncio.wait_for(self._heard.wait(), TRACE_SILENCE)
            except TimeoutError:
                return

    def spawn(self, port: Port | None = None) -> LineSpawn:
        """pexpect on a line of the machine (default: the command line where it has one, else the console).

        Its waits block, so it is to be used in another thread than the event loop's.
        """
        line = port or (Port.CHANNEL if self.machine.has_channel else Port.CONSOLE)
        if line not in self._spawns:
            loop = asyncio.get_running_loop()
            spawn = LineSpawn(lambda data: _in_loop(loop, lambda: self.machine.write(line, data)))
            self.stream.tap(lambda origin, chunk: spawn.feed(chunk) if origin is line else None)
            self._spawns[line] = spawn
            if self._gone:
                spawn.hang_up(self._gone)
        return self._spawns[line]

    async def conclude(self) -> None:
        """After `ready`: ask the machine and the shell for what the console cannot show, then switch off in order."""
        shell = Shell(self.spawn())
        await asyncio.gather(self._inspect(), asyncio.to_thread(self._ask_shell, shell, asyncio.get_running_loop()))
        for check in self._plan.checks:
            if check.name in self.judge.missing and not self._over.is_set():
                await self._ask(check, SessionGuest(self.machine, shell, self._plan.key))
        if POWEROFF in self.judge.missing and not self._over.is_set():
            shell.send_off(self._plan.farewell)
            await self._over.wait()

    def cease_judging(self) -> None:
        """The guest is up and somebody else's tests take over: its silence and its time are theirs to judge now."""
        if self._clock:
            self._clock.cancel()

    async def _ask(self, check: Check, guest: Guest) -> None:
        """The answer becomes a fact; the guest's death ends the question."""
        asking = asyncio.ensure_future(check.ask(guest))
        over = asyncio.ensure_future(self._over.wait())
        await asyncio.wait((asking, over), return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not asking.done():
            asking.cancel()
            await asyncio.wait((asking,))
            return
        try:
            text, good = asking.result(), True
        except CheckFailed as problem:
            text, good = str(problem), False
        self.stream.emit(Source.HARNESS, check_kind(check.name), text, {"ok": good})

    def _say(self, preamble: Preamble, console: LineSpawn, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread; what came of it is told in the stream, where it is a milestone or a failure."""

        def tell(text: str, *, ok: bool = True) -> None:
            _in_loop(loop, lambda: self.stream.emit(Source.HARNESS, PREAMBLE, text, {"ok": ok}))

        with contextlib.suppress(GuestGone):  # the ruling tells what happened
            try:
                preamble(console, tell)
            except Refused as problem:
                tell(str(problem), ok=False)

    async def _inspect(self) -> None:
        for fact in await self.machine.inspect():
            self.stream.emit(fact.source, fact.kind, fact.text, fact.data)

    def _ask_shell(self, shell: Shell, loop: asyncio.AbstractEventLoop) -> None:
        """The shell answers, and from the kernel that was built for it."""
        try:
            answer = shell.run("uname -r", SHELL_TIMEOUT)
        except GuestGone:
            return  # the ruling tells what happened
        except BootmatrixError as problem:
            text, good = str(problem), False
        else:
            release = answer.output.strip()
            good = answer.status == 0 and self._plan.release in (None, release)
            text = f"uname -r: {release}" + ("" if good else f", expected {self._plan.release}")
        _in_loop(loop, lambda: self.stream.emit(Source.HARNESS, "shell", text, {"ok": good}))

    async def close(self) -> None:
        """Switch off, whatever state the machine is in, and finish the record."""
        if not self._on:
            return
        self._on = False
        started = time.monotonic()
        self._over.set()
        self._hang_up("the machine was switched off")
        if self._clock:
            self._clock.cancel()
        try:
            await self.machine.power_off()
        finally:
            if self._preamble:
                await self._preamble  # it was hung up on
            self.stream.finish()
            self._teardown = time.monotonic() - started
            self._recorder.close()

    def _hang_up(self, reason: str) -> None:
        self._gone = self._gone or reason
        for spawn in self._spawns.values():
            spawn.hang_up(reason)

    def result(self) -> BootResult:
        """What it came to, once the session is closed. Raises HostError when its record could not be written."""
        if self.stream.problem:
            raise self.stream.problem
        if self._recorder.problem:
            raise HostError(
                f"the console log {self._recorder.log} cannot be written: {self._recorder.problem.strerror}",
                hint="make room on that disk and run again",
            )
        boot = self._decided_at if self._decided_at is not None else self.stream.now()
        return BootResult(
            self.judge.verdict(),
            tuple(self.judge.reached),
            tuple(self.judge.missing),
            round(boot, 4),
            round(self._teardown, 4),
            self._recorder.log,
            self._observation,
            tuple(self._told),
        )


def _in_loop(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: there is nobody left to tell
        loop.call_soon_threadsafe(act)


async def boot(machine: Machine, plan: Plan, *, records: Path, name: str, ends_at_ready: bool = False) -> BootResult:
    """Boot a machine and judge it.

    `ends_at_ready` stops there: nothing is known of a shell in somebody else's image. Raises HostError when the machine
    cannot be started; a cancelled boot switches the machine off before it lets go.
    """
    session = Session(machine, plan, records=records, name=name)
    async with session:
        if await session.until_ready() and not ends_at_ready:
            await session.conclude()
        await session.until_over()
        await session.look_closer()
    return session.result()
