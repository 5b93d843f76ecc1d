"""Events by hand, and a machine whose whole life is a script."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from harness.boot.judge import Judge
from harness.boot.ladder import Rung, image_ladder
from harness.errors import HostError
from harness.machine.observation import Observation
from harness.machine.protocol import Fact, Port, Sink
from harness.plan.target import Boot, Console, Kernel, Machine, Target
from harness.words import Arch, Event, Reached, Source, TargetClass

Script = Callable[["FakeMachine"], Awaitable[None]]


def a_target(*, firmware: str = "none", poweroff: bool = True, **more: object) -> Target:
    """A small target; `more` are fields of it."""
    return Target.model_validate(
        {
            "name": "fake",
            "summary": "a fake",
            "arch": Arch.X86_64,
            "class": TargetClass.CLOUD,
            "machine": Machine.model_validate({"type": "q35", "firmware": firmware}),
            "console": Console.model_validate({"device": "ttyS0"}),
            "kernel": Kernel.model_validate({"package": "linux-image-amd64"}),
            "boot": Boot.model_validate({"poweroff": poweroff}),
            **more,
        }
    )


def rungs(target: Target | None = None, *, asks_machine: bool = True) -> tuple[Rung, ...]:
    """The ladder of an image of ours that reports nothing in particular."""
    return image_ladder(target or a_target(), running={}, metadata={}, asks_machine=asks_machine)


def lines(*texts: str, at: float = 1.0, first: int = 1) -> Event:
    """Whole lines of the console."""
    return Event(at, Source.CONSOLE, "lines", "\n".join(texts), {"first": first, "count": len(texts)})


def partial(text: str, at: float = 1.0) -> Event:
    """An unfinished line."""
    return Event(at, Source.CONSOLE, "partial", text, {"first": 1})


def qmp(kind: str, at: float = 1.0, **data: object) -> Event:
    """An event of QMP."""
    return Event(at, Source.QMP, kind, " ".join([kind, *(f"{k}={v}" for k, v in data.items())]), data)


def exited(text: str = "QEMU exited with status 0", at: float = 9.0) -> Event:
    """The machine's end."""
    return Event(at, Source.PROCESS, "exit", text)


def fact(kind: str, *, ok: bool = True, at: float = 3.0) -> Event:
    """An answer to one of the harness's own questions."""
    return Event(at, Source.HARNESS, kind, f"{kind}: so it is", {"ok": ok})


def judge_of(ladder: Sequence[Rung] | None = None, *, resets: int = 0, told_of_resets: bool = False) -> Judge:
    """A judge, by default of an image of ours on QEMU."""
    told: list[Reached] = []
    return Judge(
        rungs() if ladder is None else ladder, resets=resets, reached=told.append, told_of_resets=told_of_resets
    )


BANNER = "[    0.000000] Linux version 6.1.0-42-amd64 (debian-kernel@lists.debian.org) #1 SMP"
INIT = "[    1.0] bootmatrix: step=init status=0"
SYSTEM = "[    1.0] bootmatrix: step=system status=0 up=1.0 kernel=6.1.0 arch=x86_64"
DRIVERS = "[    1.1] bootmatrix: step=drivers status=0 up=1.1"
READY = "[    1.2] bootmatrix: step=ready status=0 up=1.2"
PANIC = "[    1.3] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100"
UP = f"{BANNER}\r\n{INIT}\r\n{SYSTEM}\r\n{DRIVERS}\r\n{READY}\r\n".encode()
POWERED_OFF = Fact(Source.QMP, "SHUTDOWN", "SHUTDOWN guest=True", {"guest": True, "reason": "guest-shutdown"})
GONE = Fact(Source.PROCESS, "exit", "QEMU exited with status 0", {"status": 0, "signal": None})


class FakeMachine:
    """A machine that plays a script when it is switched on and remembers how it was switched."""

    name = "fake"
    by_hand = "fake --boot"
    watches_itself = True

    def __init__(self, script: Script, *, fails: str | None = None, channel: bool = False, shell: bool = True) -> None:
        self.script = script
        self.fails = fails
        self.has_channel = channel
        self.shell = shell
        self.switched: list[str] = []
        self.written: list[tuple[Port, bytes]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.sink = Sink(lambda _port, _chunk: None, lambda _fact: None)
        self.observation: Observation | None = None
        self.looks = 0
        self.facts = [Fact(Source.QMP, "inspection", "all there", {"ok": True})]
        self.blocks_power_on = False
        self._moved = asyncio.Event()

    async def until(self, there: Callable[[FakeMachine], bool]) -> None:
        """Wait until something that was done to the machine makes this true."""
        while not there(self):
            self._moved.clear()
            await self._moved.wait()

    async def power_on(self, sink: Sink) -> None:
        self.switched.append("on")
        self._moved.set()
        if self.fails:
            raise HostError(self.fails)
        self.sink = sink
        if self.blocks_power_on:
            await asyncio.Event().wait()
        self.tasks.append(asyncio.create_task(self._play()))
        self._moved.set()

    async def _play(self) -> None:
        await self.script(self)

    async def power_off(self, *, graceful: bool = False) -> None:
        for task in self.tasks:
            task.cancel()
        results = await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()
        self.switched.append("off")
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def power_cycle(self) -> None:
        self.switched.append("cycle")

    def say(self, data: bytes) -> None:
        """Print on the console."""
        self.sink.received(Port.CONSOLE, data)

    def write(self, port: Port, data: bytes) -> None:
        """Answers as a shell of its own would: the marks are in what was sent."""
        self.written.append((port, data))
        self._moved.set()
        if not self.shell:
            return
        if data.startswith(b"poweroff"):
            self.sink.happened(POWERED_OFF)
            self.sink.happened(GONE)
            return
        begin = data.split(b" B", 1)[1].split(b";", 1)[0]
        self.sink.received(port, b"\x01B%b\r\n6.1.0\r\n\r\n\x01E%b 0\r\n" % (begin, begin))

    def held_back(self) -> float:
        return 0.0

    async def observe(self) -> Observation | None:
        """As the script left it; only a machine that is on can be looked at."""
        self.looks += 1
        return self.observation

    async def endpoint(self, port: int) -> tuple[str, int] | None:
        return "127.0.0.1", port

    async def inspect(self) -> list[Fact]:
        return self.facts
