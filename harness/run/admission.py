"""Lets a boot start when its memory and processors fit, across tasks, processes and pytest-xdist's workers alike.

Every boot that runs holds a *ticket*: a Unix socket whose name says what it takes. Who must wait connects to the
sockets of those who run; the end of any of them, also by SIGKILL, ends that connection, and with it the wait. Nobody
polls, nothing leaks: a ticket whose owner died refuses connections and is swept away. One waiter at a time stands at
the gate (a file lock), so boots are admitted in the order in which they came to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import secrets
import stat
import tempfile
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import HostError

_TICKET = re.compile(r"^(\d+)-(\d+)-[0-9a-f]+\.s$")


@dataclass(frozen=True, slots=True)
class Need:
    """What a boot takes: memory in MiB, and processors."""

    memory: int
    cpus: int


def host_capacity() -> Need:
    """What this host has for guests: the memory available now, less a reserve, and the processors we may use."""
    memory = 1024
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                memory = int(line.split()[1]) // 1024
    return Need(memory=max(256, memory - max(512, memory // 10)), cpus=len(os.sched_getaffinity(0)))


def boots_at_once(processors: int) -> int:
    """How many boots keep so many processors busy: one more for every eight.

    A boot waits an eighth of its time, for a loader's countdown, a disk, or an answer of ours: of two processors 113
    of 970 seconds were idle in a run of 97 cells, two at once. Pure.
    """
    return processors + -(-processors // 8)


def default_folder() -> Path:
    """Where all runs of this user meet: short, as a socket's path may not be long, and nobody else's."""
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    return base / f"bootmatrix-{os.getuid()}"


class Admission:
    """The gate of one host. All that share `folder` share its capacity."""

    def __init__(self, capacity: Need | None = None, folder: Path | None = None) -> None:
        """Raises HostError when the folder belongs to somebody else or others may write to it."""
        host = host_capacity()
        self.capacity = capacity or replace(host, cpus=boots_at_once(host.cpus))
        self._queue = asyncio.Lock()  # ours stand in line here, so that one thread at most waits at the gate
        self._folder = folder or default_folder()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self._folder.lstat()
        except OSError as problem:
            raise HostError(
                f"{self._folder} cannot be made: {problem.strerror}", hint="remove it, or set XDG_RUNTIME_DIR"
            ) from None
        if not stat.S_ISDIR(owner.st_mode) or owner.st_uid != os.getuid() or owner.st_mode & 0o077:
            raise HostError(
                f"{self._folder} is not a private folder of yours", hint="remove it, or set XDG_RUNTIME_DIR"
            )

    @contextlib.asynccontextmanager
    async def admitted(self, need: Need) -> AsyncIterator[None]:
        """Inside, the need is met. A boot that needs more than the host has runs alone rather than never."""
        async with self._queue:
            gate = await _pass_gate(self._folder / "gate")
            try:
                while (running := self._running()) and not self._fits(need, running):
                    await self._any_ends(running)
                ticket = _Ticket(self._folder, need)
                await ticket.open()
            finally:
                os.close(gate)
        try:
            yield
        finally:
            ticket.close()

    @contextlib.asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Inside, nobody else has what `name` stands for: a board, of which there is one. `name` is inert in a path."""
        lock = await _pass_gate(self._folder / f"alone-{name}")
        try:
            yield
        finally:
            os.close(lock)

    def _fits(self, need: Need, running: dict[Path, Need]) -> bool:
        memory = need.memory + sum(taken.memory for taken in running.values())
        cpus = need.cpus + sum(taken.cpus for taken in running.values())
        return memory <= self.capacity.memory and cpus <= self.capacity.cpus

    def _running(self) -> dict[Path, Need]:
        found = {}
        for path in self._folder.iterdir():
            if match := _TICKET.match(path.name):
                found[path] = Need(int(match[1]), int(match[2]))
        return found

    async def _any_ends(self, running: dict[Path, Need]) -> None:
        """Return as soon as one of them has ended; tickets of the dead are removed."""
        ends = [asyncio.create_task(_until_end(path)) for path in running]
        try:
            ended, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ended:
                end.result()  # raises what kept us from asking
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)


async def _pass_gate(path: Path) -> int:
    """Wait for the gate; returns the descriptor whose closing opens it again.

    flock(2) wakes exactly one waiter, but blocks: so it waits in a thread of its own, a daemon, which cannot keep an
    interrupted command from ending. A gate that comes after the wait was cancelled is given back at once.
    """
    loop = asyncio.get_running_loop()
    passed: asyncio.Future[int] = loop.create_future()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def hand_over() -> None:
        if passed.cancelled():
            os.close(descriptor)
        else:
            passed.set_result(descriptor)

    def wait() -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            loop.call_soon_threadsafe(hand_over)
        except RuntimeError:  # the loop was closed meanwhile: nobody is left to pass the gate
            os.close(descriptor)

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        threading.Thread(target=wait, name="admission-gate", daemon=True).start()
        try:
            return await passed
        except asyncio.CancelledError:
            if passed.done() and not passed.cancelled():  # both at once: it was ours already
                os.close(descriptor)
            raise
    return descriptor


async def _until_end(path: Path) -> None:
    try:
        reader, writer = await asyncio.open_unix_connection(path)
    except (ConnectionRefusedError, FileNotFoundError):
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - its owner is dead: nobody listens
        return
    except OSError as problem:  # no more descriptors, say: that is no word about the owner
        raise HostError(f"cannot ask for the boot that holds {path}: {problem.strerror}") from None
    try:
        await reader.read()
    except OSError:
        pass
    finally:
        writer.close()


class _Ticket:
    """A listening socket: while it lives, so does the claim."""

    def __init__(self, folder: Path, need: Need) -> None:
        self._path = folder / f"{need.memory}-{need.cpus}-{secrets.token_hex(4)}.s"
        self._server: asyncio.Server | None = None
        self._waiting: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        try:
            # Serving starts in a second step: a cancelled wait in between must not leave a claim behind.
            self._server = await asyncio.start_unix_server(self._somebody_waits, self._path, start_serving=False)
            await self._server.start_serving()
        except OSError as problem:  # asyncio's own message for a path that is too long has no number
            raise HostError(
                f"no socket can be made in {self._path.parent}: {problem.strerror or problem}",
                hint="see that there is room, or set XDG_RUNTIME_DIR to a short path",
            ) from None
        except BaseException:
            self.close()
            raise

    async def _somebody_waits(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._waiting.add(writer)
        try:
            await reader.read()
        except asyncio.CancelledError:
            pass  # the loop ends, and asyncio's streams would print a cancelled task as an error
        finally:
            self._waiting.discard(writer)
            writer.close()

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        if self._server:
            self._server.close()
        for writer in tuple(self._waiting):
            writer.close()
