"""One QEMU process: started with its sockets, watched by a pidfd, and gone when we are gone, whatever ends us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HostError
from harness.leash import leash
from harness.machine.child import waited_for_processor
from harness.machine.complaint import complaint
from harness.machine.line import Line

STDERR_KEPT = 4096  # bytes of QEMU's own complaints that are kept; the last ones say why it ended


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: `status` of an exit, or `signal` by name."""

    status: int | None
    signal: str | None

    def __str__(self) -> str:
        return f"killed by {self.signal}" if self.signal else f"exited with status {self.status}"


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """A connected pair, ours and QEMU's: no name, no port, no race. Its buffer takes bursts of console output."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, option, 1 << 20)
    return ours, theirs


class Process:
    """A running QEMU. Its end is an event (`ended`), never something that is asked for again and again."""

    def __init__(self, argv: Sequence[str], *, inherit: Sequence[socket.socket], cwd: Path) -> None:
        """Start it. The inherited sockets are closed on our side. Raises HostError when it cannot be started."""
        self.argv = list(argv)
        if shutil.which(argv[0]) is None:
            raise HostError(f"{argv[0]} is not there, or is no program", hint=_how_to_get(argv[0]))
        command = [*_die_with_us(), *argv]
        self._stderr = bytearray()
        stderr_ours, stderr_theirs = os.pipe()
        try:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr_theirs,
                pass_fds=[end.fileno() for end in inherit],
                cwd=cwd,
                start_new_session=True,  # a Ctrl-C in the terminal is ours to handle, not QEMU's
            )
        except OSError as problem:
            os.close(stderr_ours)
            raise HostError(f"{argv[0]} cannot be started: {problem.strerror}", hint=_how_to_get(argv[0])) from None
        finally:
            os.close(stderr_theirs)
            for end in inherit:
                end.close()
        loop = asyncio.get_running_loop()
        self.pid = self._popen.pid
        self.ended: asyncio.Future[Exit] = loop.create_future()
        self._pidfd = os.pidfd_open(self.pid)
        loop.add_reader(self._pidfd, self._reap)
        self._complaints = Line(stderr_ours, self._complained)

    def _complained(self, chunk: bytes) -> None:
        self._stderr += chunk
        del self._stderr[:-STDERR_KEPT]

    @property
    def stderr(self) -> str:
        """The last words of QEMU, on one line."""
        return complaint(bytes(self._stderr), limit=STDERR_KEPT)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        code = self._popen.wait()
        self.ended.set_result(Exit(None, signal.Signals(-code).name) if code < 0 else Exit(code, None))

    async def end(self) -> Exit:
        """Wait for the end. Unlike awaiting `ended` itself, a waiter that is cancelled takes nobody's future along."""
        return await asyncio.shield(self.ended)

    async def drained(self) -> None:
        """Wait until the last of stderr was read: only true once the process has ended."""
        await asyncio.shield(self._complaints.ended)

    def kill(self) -> None:
        """SIGKILL, by pid, to the process we started and have not reaped yet."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                self._popen.kill()

    def close(self) -> None:
        """Release what is left after the end."""
        self._complaints.close()

    def held_back(self) -> float:
        """Seconds that the host kept it waiting for a processor."""
        return waited_for_processor(self.pid)


def _die_with_us() -> tuple[str, ...]:
    prefix = leash()
    if not prefix:
        raise HostError(
            "setpriv is missing, without it a crash here would leave QEMU running", hint="install util-linux"
        )
    return prefix


def _how_to_get(binary: str) -> str:
    return f"install the package that has {binary}, or run ./bootmatrix, which does"
