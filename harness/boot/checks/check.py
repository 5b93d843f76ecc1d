"""What every check of a guest that is up shares: its name, its patience, what must be found in the answer."""

from __future__ import annotations

import asyncio
import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Annotated, Protocol, Self

from pydantic import AfterValidator, Field, StringConstraints

from harness.boot.dialogue import CommandResult
from harness.plan.target import Model, Name

_SHOWN = 400  # characters of an answer that are kept as evidence
_PAUSES = (0.05, 0.1, 0.2, 0.4)  # seconds; then the last again and again


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as problem:
        raise ValueError(f"{pattern!r} is no regular expression: {problem}") from None
    return pattern


Regex = Annotated[str, StringConstraints(max_length=400), AfterValidator(_compiles)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
TcpPort = Annotated[int, Field(ge=1, le=65535)]


class CheckFailed(Exception):
    """The guest answered, and not as it should; or it did not answer. The text says what was seen."""


class Guest(Protocol):
    """How a check reaches the guest."""

    @property
    def key(self) -> Path | None:
        """The private key whose other half was put into the image."""

    async def endpoint(self, port: int) -> tuple[str, int] | None:
        """Where on this host a TCP port of the guest is reached."""

    async def command(self, text: str, seconds: float) -> CommandResult:
        """Run a command in the guest's shell. Raises BootmatrixError where no answer comes."""


class Check(Model):
    """One question to a guest that is up. `timeout`: seconds, in which it is asked again where nobody answers yet."""

    name: Name = Field(description="the milestone it stands for")
    timeout: float = Field(60, gt=0, le=3600, description="seconds until it must have been answered as it should")
    expect: Regex | None = Field(None, description="regular expression that must be found in the answer")

    @property
    def asks_port(self) -> int | None:
        """The guest's TCP port that it needs; None for one that asks in the shell."""
        return None

    def knowing(self, words: Mapping[str, str]) -> Self:
        """The same check with `{hostname}` and the like in what it expects replaced by this machine's own."""
        expect = self.expect
        for name, value in words.items() if expect else ():
            expect = expect and expect.replace(f"{{{name}}}", re.escape(value))
        return self if expect == self.expect else self.model_copy(update={"expect": expect})

    @abstractmethod
    async def ask(self, guest: Guest) -> str:
        """The evidence that all is as it should be. Raises CheckFailed."""

    def judged(self, answer: str, what: str) -> str:
        """The evidence of an answer. Raises CheckFailed where it is not as expected."""
        found = re.search(self.expect, answer, re.MULTILINE) if self.expect else None
        if self.expect and found is None:
            raise CheckFailed(f"{what}: expected {self.expect}, got {shown(answer)!r}")
        return f"{what}: {shown(found.group() if found else answer)}"


async def reach(guest: Guest, port: int) -> tuple[str, int]:
    """Where the port is reached. Raises CheckFailed where there is no way to it."""
    found = await guest.endpoint(port)
    if found is None:
        raise CheckFailed(f"nothing on this host leads to port {port} of the guest")
    return found


async def until_answered(seconds: float, attempt: Callable[[], Awaitable[str]], what: str) -> str:
    """The first attempt that succeeds. Raises CheckFailed with the last failure once the time is up.

    A service that runs need not listen yet, and QEMU's user network takes connections for ports where nobody does:
    there is no event to wait for, so it is asked again, at growing intervals.
    """
    last = "no answer"
    try:
        async with asyncio.timeout(seconds):
            for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
                try:
                    return await attempt()
                except (CheckFailed, OSError, EOFError) as problem:
                    last = str(problem) or type(problem).__name__
                await asyncio.sleep(pause)
    except TimeoutError:
        pass
    raise CheckFailed(f"{what}: not in {seconds:g} s; the last was: {shown(last)}")


def shown(text: str, limit: int = _SHOWN, *, last: bool = False) -> str:
    """A guest's text as evidence: one line, no control characters, the first or the last `limit` characters of it."""
    line = "".join(char if char.isprintable() else "?" for char in " ".join(text.split()))
    return line[-limit:] if last else line[:limit]
