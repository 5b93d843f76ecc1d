"""Runs a board's power commands: argument lists, no shell, bounded in time, their complaints kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import HostError
from harness.machine.complaint import complaint

_SAID_KEPT = 2000  # bytes of its output that are read


async def run_power_command(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], limit: float
) -> None:
    """Run it to its end. Raises HostError with what it printed when it fails, is missing, or takes too long."""
    shown = " ".join(command)
    # What it says goes to a file and not to a pipe: a program that it leaves running in the background (an emulated
    # board is one) would hold a pipe open. For the same reason the whole group is ended, not the command alone.
    with tempfile.TemporaryFile() as said:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=asyncio.subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        except OSError as problem:
            raise HostError(
                f"power command {shown!r} cannot be run: {problem.strerror}", hint="correct it in lab.yml"
            ) from None
        try:
            await asyncio.wait_for(process.wait(), limit)
        except TimeoutError:
            raise HostError(f"power command {shown!r} did not end within {limit:g} s") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            said.seek(max(0, said.seek(0, os.SEEK_END) - _SAID_KEPT))
            words = complaint(said.read()) or "it said nothing"
            raise HostError(f"power command {shown!r} ended with status {process.returncode}: {words}")
