"""`kind: shell`: a command in the guest's own shell, on its line for commands."""

from __future__ import annotations

from typing import Literal

from harness.boot.checks.check import Check, CheckFailed, Guest, Text, shown
from harness.errors import BootmatrixError


class InShell(Check):
    """A command that must end with status 0. It is run once: what needs patience waits by itself."""

    kind: Literal["shell"]
    run: Text

    async def ask(self, guest: Guest) -> str:
        """Its output is the answer."""
        what = shown(self.run, 60)
        try:
            done = await guest.command(self.run, self.timeout)
        except BootmatrixError as problem:
            raise CheckFailed(str(problem)) from None
        if done.status != 0:
            # What went wrong stands at the end.
            raise CheckFailed(f"{what}: status {done.status}: {shown(done.output, last=True)}")
        return self.judged(done.output, what)


KIND = InShell
