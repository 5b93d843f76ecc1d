"""A guest that is up, as the checks reach it: by its ports, and by its shell."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from harness.boot.dialogue import CommandResult, Shell
from harness.machine.protocol import Machine


@dataclass(frozen=True, slots=True)
class SessionGuest:
    """The guest of one session; what `checks.check.Guest` asks for."""

    machine: Machine
    shell: Shell
    key: Path | None

    async def endpoint(self, port: int) -> tuple[str, int] | None:
        """The machine knows."""
        return await self.machine.endpoint(port)

    async def command(self, text: str, seconds: float) -> CommandResult:
        """In another thread, since the shell's waits block."""
        return await asyncio.to_thread(self.shell.run, text, seconds)
