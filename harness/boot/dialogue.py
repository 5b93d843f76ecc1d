"""pexpect on the event stream: interactive steps are ordinary pexpect code, fed by the one reader of the line.

pexpect's own delays are off (they cost 150 ms a command), and a wait ends at once when the machine dies.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, cast

from pexpect import EOF, TIMEOUT
from pexpect.spawnbase import SpawnBase as _SpawnBase

from harness.errors import BootmatrixError

if TYPE_CHECKING:
    SpawnBase = _SpawnBase[bytes]  # generic in the stubs only
else:
    SpawnBase = _SpawnBase

KEPT = 1 << 20  # bytes that may wait for a reader; the oldest go first


class GuestGone(BootmatrixError):
    """The guest died, or was switched off, while somebody waited for its answer."""


class LineSpawn(SpawnBase):
    """A serial line as pexpect knows it: `expect`, `expect_exact`, `send`, `sendline`, `before`, `match`.

    Bytes are fed from the event loop's thread and consumed in another one.
    """

    def __init__(self, write: Callable[[bytes], None], *, timeout: float = 30) -> None:
        """`write` sends bytes to the line and may be called from any thread."""
        super().__init__(timeout=timeout, maxread=1 << 16)
        self.delaybeforesend = None
        self.delayafterread = None
        self._write_line = write
        self._arrived = threading.Condition()
        self._waiting = bytearray()
        self._gone: str | None = None
        self.closed = False

    def feed(self, chunk: bytes) -> None:
        """Bytes from the line."""
        with self._arrived:
            self._waiting += chunk
            del self._waiting[:-KEPT]
            self._arrived.notify_all()

    def hang_up(self, reason: str) -> None:
        """Nothing more will come: whoever waits gets `GuestGone`, once what has arrived is consumed."""
        with self._arrived:
            self._gone = self._gone or reason
            self._arrived.notify_all()

    def read_nonblocking(self, size: int = 1, timeout: float | None = -1) -> bytes:
        """Bytes as soon as there are some. Raises TIMEOUT, or GuestGone when the machine died."""
        limit = self.timeout if timeout == -1 else timeout
        until = None if limit is None else time.monotonic() + limit
        with self._arrived:
            while not self._waiting:
                if self._gone is not None:
                    raise GuestGone(self._gone)
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    raise TIMEOUT(f"nothing came in {limit:g} s")
                self._arrived.wait(left)
            chunk = bytes(self._waiting[:size])
            del self._waiting[:size]
        return chunk

    def send(self, text: str | bytes) -> int:
        """Send to the line; returns how many bytes."""
        data = text.encode() if isinstance(text, str) else text
        self._write_line(data)
        return len(data)

    def sendline(self, text: str | bytes = b"") -> int:
        """Send a line."""
        data = text.encode() if isinstance(text, str) else text
        return self.send(data + b"\n")

    def isalive(self) -> bool:
        """Whether more can come."""
        return self._gone is None


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command in the guest printed (both streams, CRLF as LF, without line ends at its end) and its status."""

    output: str
    status: int


# A command may not be longer than a line of the guest's terminal takes in canonical mode (N_TTY: 4096 bytes).
LONGEST_COMMAND = 3500


class Shell:
    """Commands for the guest's shell, each framed by marks that cannot be their own echo."""

    def __init__(self, spawn: LineSpawn) -> None:
        self._spawn = spawn
        self._numbers = count(1)
        self._token = secrets.token_hex(3)  # a log of an earlier session, printed again, holds marks of another token

    def run(self, command: str, timeout: float = 30) -> CommandResult:
        """Run a shell command in the guest and wait for its end.

        Raises BootmatrixError when no answer comes within `timeout` seconds, GuestGone when the guest dies first.
        """
        mark = f"{self._token}-{next(self._numbers)}"
        # In a subshell, so that `exit` ends the command and not the shell; the colon makes a command of a comment, too.
        framed = f"printf '\\001%s\\n' B{mark}; (:;{command}\n) </dev/null 2>&1; printf '\\n\\001%s %d\\n' E{mark} $?\n"
        if len(framed.encode()) > LONGEST_COMMAND:
            raise BootmatrixError(
                f"a command of {len(command.encode())} bytes is longer than a terminal's line takes",
                hint="write it into a file of the image and run that",
            )
        self._spawn.send(framed)
        try:
            self._spawn.expect_exact(f"\x01B{mark}".encode(), timeout=timeout)
            self._spawn.expect(rb"\r?\n\x01E%b (\d{1,3})\r?\n" % mark.encode(), timeout=timeout)
        except TIMEOUT:
            heard = (self._spawn.before or b"")[-200:].decode("utf-8", "replace")
            raise BootmatrixError(f"no answer to {command!r} in {timeout:g} s; heard {heard!r}") from None
        except EOF:
            raise GuestGone(f"the line ended during {command!r}") from None
        found = cast("re.Match[bytes]", self._spawn.match)
        text = (self._spawn.before or b"").replace(b"\r\n", b"\n").decode("utf-8", "replace")
        return CommandResult(text.removeprefix("\n").rstrip("\n"), int(found[1]))

    def send_off(self, command: str) -> None:
        """Send a command that has no answer, such as `poweroff -f`."""
        self._spawn.send(f"{command}\n")
