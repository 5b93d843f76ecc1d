"""A conversation with U-Boot over its console: every command is typed with its echo verified, and has a status."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from pexpect import TIMEOUT

from harness.boot.dialogue import LineSpawn
from harness.boot.preamble import Refused

_AUTOBOOT = b"Hit any key to stop autoboot"
_PROMPT = re.compile(rb"(?:^|[\r\n])(?:=>|U-Boot>) ")
_INTERRUPT = b"\x03"
_CHUNK = 16  # bytes: a UART's FIFO, which keeps what is typed while U-Boot is busy
_ECHO = 5.0  # seconds for the echo of a chunk; it takes milliseconds
_TRIES = 3
# The echo of this has `$?` where U-Boot's answer has the status.
_STATUS = "echo status=$?"
_ANSWER = re.compile(rb"status=(\d{1,3})\r*\n")
LONGEST = 480  # bytes of a command with its status; U-Boot's line has 512 at the least (CONFIG_SYS_CBSIZE)


@dataclass(frozen=True, slots=True)
class UBootScript:
    """Stops the autoboot and gives the commands of `script`; the last one starts the kernel and has no answer.

    `prepared`: what is told when all but the last are done.
    """

    script: tuple[str, ...]
    prepared: str

    def __call__(self, console: LineSpawn, done: Callable[[str], None]) -> None:
        """As `Preamble` has it."""
        console.expect_exact(_AUTOBOOT, timeout=None)
        console.send(b" ")
        console.expect(_PROMPT, timeout=None)
        for command in self.script[:-1]:
            _run(console, command)
        done(self.prepared)
        _type(console, self.script[-1])
        console.send(b"\n")


def _run(console: LineSpawn, command: str) -> None:
    """Give a command and wait for its end. Raises Refused where its status is not 0, with the last it said."""
    _type(console, f"{command}; {_STATUS}")
    console.send(b"\n")
    console.expect(_ANSWER, timeout=None)
    status = int(cast("re.Match[bytes]", console.match)[1])
    said = (console.before or b"").decode("utf-8", "replace").split("\n")
    console.expect(_PROMPT, timeout=None)
    if status:
        last = next((line.strip() for line in reversed(said) if line.strip()), "it said nothing")
        raise Refused(f"{last} (expected status 0, not {status}, of U-Boot's {command})")


def _type(console: LineSpawn, line: str) -> None:
    """Type a line without its end. A line whose echo is not what was typed is given up and typed again."""
    for _ in range(_TRIES):
        try:
            for chunk in _chunks(line.encode("ascii")):
                console.send(chunk)
                console.expect_exact(chunk, timeout=_ECHO)
        except TIMEOUT:
            console.send(_INTERRUPT)
            console.expect(_PROMPT, timeout=None)
        else:
            return
    raise Refused(f"U-Boot: the console loses what is typed: {line!r} was tried {_TRIES} times")


def _chunks(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))
