"""The baseline of every ratio: the same QEMU, read by the smallest loop there is. No QMP, no records, no judgement."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from harness.machine.qemu.argv import Wiring, qemu_argv, socket_of
from harness.machine.qemu.process import socket_pair
from harness.plan.cells import Cell
from harness.run.work import Prepared

READY = b"bootmatrix: step=ready"


def bare_argv(cell: Cell, prepared: Prepared, console: int, channel: int | None) -> list[str]:
    """The harness's own command line, without the monitor and without waiting for it."""
    wiring = Wiring(
        console=socket_of(console), channel=None if channel is None else socket_of(channel), qmp=socket_of(-1)
    )
    argv = qemu_argv(cell.target, prepared.media, accelerator="tcg", wiring=wiring)
    argv.remove("-S")
    at = argv.index("socket,id=qmp,fd=-1")
    return argv[: at - 1] + argv[at + 3 :]


class BareGuest:
    """A guest on raw sockets; `ready` is the seconds from the start of QEMU until the line was read."""

    def __init__(self, cell: Cell, prepared: Prepared, folder: Path) -> None:
        console, console_theirs = socket_pair()
        channel, channel_theirs = socket_pair()
        argv = bare_argv(cell, prepared, console_theirs.fileno(), channel_theirs.fileno())
        self._started = time.monotonic()
        self._qemu = subprocess.Popen(
            argv,
            pass_fds=[console_theirs.fileno(), channel_theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )
        console_theirs.close()
        channel_theirs.close()
        self._console, self._channel = console, channel
        self._until(console, READY)
        self.ready = time.monotonic() - self._started

    @staticmethod
    def _until(line: socket.socket, wanted: bytes) -> None:
        seen = b""
        while wanted not in seen:
            select.select([line], [], [])
            chunk = os.read(line.fileno(), 65536)
            if not chunk:
                raise RuntimeError(f"QEMU ended before {wanted!r}; the last it said: {seen[-300:]!r}")
            seen = (seen + chunk)[-65536:]

    def command(self, command: bytes, answer: bytes) -> None:
        """Send a command and read until its answer."""
        self._channel.sendall(command)
        self._until(self._channel, answer)

    def power_off(self) -> float:
        """Switch off in order; returns the seconds from start to end."""
        self._channel.sendall(b"poweroff -f\n")
        while os.read(self._console.fileno(), 65536):
            pass
        self._qemu.wait()
        return time.monotonic() - self._started

    def __enter__(self) -> BareGuest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._qemu.kill()
        self._qemu.wait()
        self._console.close()
        self._channel.close()
