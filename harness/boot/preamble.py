"""What is said on a machine's console before its kernel runs, such as the commands that a boot loader waits for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from harness.boot.dialogue import LineSpawn
from harness.errors import BootmatrixError

KIND = "preamble"  # of the events that tell how it went


class Refused(BootmatrixError):
    """Whoever listens on the console does not do what it was told; the message has its words."""


class Preamble(Protocol):
    """Run in a thread of its own from power-on. It may wait for ever: the session's patience ends every wait."""

    def __call__(self, console: LineSpawn, done: Callable[[str], None]) -> None:
        """`done` is told what was done, once for each step that is a milestone.

        Raises Refused when the other side does not do what it is told, and GuestGone when the machine dies meanwhile.
        """

    @property
    def script(self) -> Sequence[str]:
        """What a person would type, a line an entry."""
