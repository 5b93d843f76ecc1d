"""What happens to a machine while it runs: its process, its disks, its links, its cable."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

from tests.faults.corpus.fault import Meddled, Meddling, Scene, Way

# The kernel's first line, of every architecture; and the one before it starts a program.
KERNEL, RUNS = b"Linux version ", b" as init process"


def killed(number: signal.Signals, after: bytes = KERNEL) -> Way:
    """A signal for QEMU."""

    def act(machine: Meddled) -> None:
        assert machine.pid
        os.kill(machine.pid, number)

    return _meddling(after, act)


def told(command: str, *, after: bytes = b"", **arguments: object) -> Way:
    """A command for its monitor."""
    return _meddling(after, lambda machine: machine.tell(command, **arguments))


def cable(after: bytes) -> Way:
    """The serial cable is pulled out of the host, where a board boots."""
    return lambda scene: replace(scene, board=after.decode())


def _meddling(after: bytes, act: object) -> Way:
    def way(scene: Scene) -> Scene:
        return replace(scene, meddling=(*scene.meddling, Meddling(after, act)))  # type: ignore[arg-type]

    return way
