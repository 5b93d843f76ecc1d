"""A QEMU process as a machine: power is the process, the lines are sockets, QMP tells what the console cannot."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import socket
from pathlib import Path
from typing import Any

from qemu.qmp import QMPError

from harness.errors import HostError
from harness.machine.line import Line
from harness.machine.observation import Observation
from harness.machine.protocol import Fact, Port, Sink
from harness.machine.qemu.argv import BY_HAND, Media, Wiring, qemu_argv, socket_of
from harness.machine.qemu.inspection import inspect_guest
from harness.machine.qemu.observe import observe_guest
from harness.machine.qemu.process import Exit, Process, socket_pair
from harness.machine.qemu.qmp import ANSWER_TIMEOUT, Monitor
from harness.machine.qemu.tpm import Tpm
from harness.machine.qemu.tpm import by_hand as tpm_by_hand
from harness.machine.qemu.usernet import forwarded_from
from harness.machine.qemu.webserver import serve
from harness.plan.target import Target
from harness.words import Source

GRACE = 10.0  # seconds a guest gets after its power button was pressed
OBSERVE_LIMIT = 10.0  # seconds for a look at a guest that is stuck; it takes about one
QUIT_GRACE = 3.0  # seconds QEMU gets to end by itself after `quit`


class QemuMachine:
    """Made for one target and its media; can be switched on once."""

    writes_here = True  # whether a file that QEMU writes is one of this host's
    start_limit = ANSWER_TIMEOUT  # seconds from the start of the process to its monitor's greeting

    def __init__(
        self,
        target: Target,
        media: Media,
        *,
        accelerator: str,
        folder: Path,
        binary: str | None = None,
        cpu: str | None = None,
    ) -> None:
        """`folder` is where QEMU runs; `cpu` takes the place of the target's model (the one proven under KVM)."""
        self._target = target
        self._media = media
        self._accelerator = accelerator
        self._folder = folder
        self._binary = binary
        self._cpu = cpu
        self._process: Process | None = None
        self._monitor: Monitor | None = None
        self._tpm: Tpm | None = None
        self._lines: dict[Port, Line] = {}
        self._watch: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """QEMU's machine type."""
        return self._target.machine.type

    @property
    def has_channel(self) -> bool:
        """Whether the target has a second serial line."""
        return self._target.console.channel is not None

    @property
    def watches_itself(self) -> bool:
        """QMP reports resets and power-off."""
        return True

    @property
    def by_hand(self) -> str:
        """The same machine with its console on the terminal (Ctrl-A X ends it)."""
        qemu = shlex.join(self._argv(BY_HAND))
        return f"{tpm_by_hand()} && {qemu}" if self._target.machine.tpm else qemu

    def _prepare(self) -> None:
        """Write what the machine takes besides its media."""

    def _last_words(self) -> str:
        """What QEMU said of its own end, on one line."""
        return self._process.stderr if self._process else ""

    def _argv(self, wiring: Wiring) -> list[str]:
        return qemu_argv(
            self._target,
            self._media,
            accelerator=self._accelerator,
            wiring=wiring,
            binary=self._binary,
            cpu=self._cpu,
        )

    @property
    def pid(self) -> int | None:
        """The process id of QEMU while it is known."""
        return self._process.pid if self._process else None

    async def power_on(self, sink: Sink) -> None:
        """Start QEMU stopped, listen, then let the guest run. Raises HostError when QEMU ends before that."""
        self._prepare()
        console, console_theirs = socket_pair()
        qmp, qmp_theirs = socket_pair()
        ours, theirs = [console, qmp], [console_theirs, qmp_theirs]
        channel_fd: int | None = None
        if self.has_channel:
            channel, channel_theirs = socket_pair()
            ours.append(channel)
            theirs.append(channel_theirs)
            channel_fd = channel_theirs.fileno()
        tpm: str | None = None
        web: str | None = None
        try:
            if self._target.machine.tpm:
                self._tpm = Tpm(self._folder)
                theirs.append(self._tpm.control)
                tpm = socket_of(self._tpm.control.fileno())
            if self._media.netboot and self._media.netboot.web:
                theirs.append(serve(self._media.netboot.folder))
                web = socket_of(theirs[-1].fileno())
            wiring = Wiring(
                console=socket_of(console_theirs.fileno()),
                channel=None if channel_fd is None else socket_of(channel_fd),
                qmp=socket_of(qmp_theirs.fileno()),
                tpm=tpm,
                web=web,
            )
            self._process = Process(self._argv(wiring), inherit=theirs, cwd=self._folder)
        except BaseException:
            for end in (*ours, *theirs):
                end.close()
            await self._end_tpm()
            raise
        self._attach(Port.CONSOLE, console, sink)
        if self.has_channel:
            self._attach(Port.CHANNEL, ours[2], sink)
        self._monitor = Monitor(lambda kind, data: sink.happened(_qmp_fact(kind, data)))
        try:
            await self._monitor.connect(qmp, self.start_limit)
            await self._monitor.execute("cont")
        except (QMPError, OSError, EOFError, TimeoutError):
            await self._failed_start()
        self._watch = asyncio.create_task(self._until_end(self._process, self._monitor, sink))
        if self._tpm:
            self._tpm.watch(sink.happened)

    def _attach(self, port: Port, end: socket.socket, sink: Sink) -> None:
        descriptor = end.detach()
        self._lines[port] = Line(descriptor, lambda chunk: sink.received(port, chunk))

    async def _failed_start(self) -> None:
        assert self._process is not None  # noqa: S101 - only called from power_on
        process = self._process
        try:
            how = await asyncio.wait_for(process.end(), QUIT_GRACE)
        except TimeoutError:
            process.kill()
            how = await process.end()
        await process.drained()
        said = self._last_words() or "it said nothing"
        await self.power_off()
        raise HostError(f"{process.argv[0]} {how} before the machine could start: {said}")

    async def _until_end(self, process: Process, monitor: Monitor, sink: Sink) -> None:
        """Deliver the end last: what the guest and QEMU still had to say comes before it."""
        how = await process.end()
        if self._tpm:
            self._tpm.let_go()
        await monitor.last_words()
        await process.drained()
        for line in self._lines.values():
            await asyncio.shield(line.ended)
        sink.happened(_exit_fact(how, self._last_words()))

    async def power_off(self, *, graceful: bool = False) -> None:
        """The button, `quit`, SIGKILL: whatever is needed, in this order; the end of the process ends each wait."""
        process, monitor = self._process, self._monitor
        if process is None:
            return
        if self._tpm:
            self._tpm.let_go()
        try:
            if monitor and self._watch and not process.ended.done():
                if graceful and await self._ask(monitor, "system_powerdown"):
                    await self._ends_within(process, GRACE)
                if not process.ended.done() and await self._ask(monitor, "quit"):
                    await self._ends_within(process, QUIT_GRACE)
        finally:
            process.kill()
            await process.end()
            if self._watch:
                await asyncio.shield(self._watch)
            elif monitor:
                await monitor.last_words()
            for line in self._lines.values():
                line.close()
            process.close()
            await self._end_tpm()
            self._process = None

    async def _end_tpm(self) -> None:
        if self._tpm:
            await self._tpm.close()
            self._tpm = None

    @staticmethod
    async def _ask(monitor: Monitor, command: str) -> bool:
        try:
            await asyncio.wait_for(monitor.execute(command), QUIT_GRACE)
        except (QMPError, EOFError, OSError, TimeoutError):
            return False
        return True

    @staticmethod
    async def _ends_within(process: Process, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.end(), seconds)

    async def power_cycle(self) -> None:
        """QMP's system_reset. Raises QMPError."""
        if self._monitor is None:
            return
        # Until now a reset ends QEMU, and this one would, too. From here on none does: SeaBIOS answers a reset by
        # one more of its own.
        await self._monitor.execute("set-action", reboot="reset")
        await self._monitor.execute("system_reset")

    def write(self, port: Port, data: bytes) -> None:
        """Send bytes to a serial line of the guest."""
        self._lines[port].write(data)

    def held_back(self) -> float:
        """Seconds that the host kept QEMU waiting for a processor."""
        return self._process.held_back() if self._process and not self._process.ended.done() else 0.0

    async def endpoint(self, port: int) -> tuple[str, int] | None:
        """Where QEMU's user network forwards the port from."""
        if self._monitor is None:
            return None
        try:
            table = await self._monitor.execute("human-monitor-command", **{"command-line": "info usernet"})
        except (QMPError, EOFError, OSError):
            return None
        return forwarded_from(str(table), port)

    async def observe(self) -> Observation | None:
        """Registers and RAM of the guest, which stands still afterwards. None when QEMU does not answer in time."""
        if self._monitor is None or self._process is None or self._process.ended.done():
            return None
        try:
            folder = self._folder if self.writes_here else None
            return await asyncio.wait_for(observe_guest(self._monitor, folder), OBSERVE_LIMIT)
        except (QMPError, EOFError, OSError, TimeoutError):
            return None

    async def inspect(self) -> list[Fact]:
        """CPU model, disks that were read, virtio devices that their driver took."""
        if self._monitor is None:
            return []
        try:
            return await inspect_guest(self._monitor, self._target)
        except (QMPError, EOFError, OSError) as problem:
            return [Fact(Source.QMP, "inspection", f"QMP could not be asked: {problem}", {"ok": False})]


def _qmp_fact(kind: str, data: dict[str, Any]) -> Fact:
    detail = " ".join(f"{key}={value}" for key, value in data.items())
    return Fact(Source.QMP, kind, f"{kind} {detail}".strip(), data)


def _exit_fact(how: Exit, stderr: str) -> Fact:
    text = f"QEMU {how}" + (f": {stderr}" if stderr else "")
    return Fact(Source.PROCESS, "exit", text, {"status": how.status, "signal": how.signal})
