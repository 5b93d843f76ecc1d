"""The accelerator of each architecture, found once a run while the kernels are still being built."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.machine.accel.probe import Accelerator, probe
from harness.machine.qemu.binary import QemuBinary, find_qemu
from harness.words import Arch


@dataclass(frozen=True, slots=True)
class Emulator:
    """A QEMU binary, and how it runs the guest's code on this host."""

    binary: QemuBinary
    accelerator: Accelerator


class Emulators:
    """Emulators by architecture. Each is looked for once; whoever asks meanwhile waits for the same answer."""

    def __init__(self, cache: Path, note: Callable[[str], None]) -> None:
        """`note` is told of every choice of an accelerator: it is never silent."""
        self._cache = cache
        self._note = note
        self._found: dict[Arch, asyncio.Task[Emulator]] = {}

    async def of(self, arch: Arch) -> Emulator:
        """Raises HostError: QEMU is missing, too old, or does not run."""
        if arch not in self._found:
            self._found[arch] = asyncio.create_task(asyncio.to_thread(self._find, arch))
        return await asyncio.shield(self._found[arch])

    def _find(self, arch: Arch) -> Emulator:
        binary = find_qemu(arch, self._cache)
        accelerator = probe(arch, binary.path, self._cache)
        self._note(f"{arch}: {accelerator.name} ({accelerator.reason})")
        return Emulator(binary, accelerator)

    def found(self) -> dict[Arch, Emulator]:
        """What was found so far."""
        return {
            arch: task.result()
            for arch, task in self._found.items()
            if task.done() and not task.cancelled() and task.exception() is None
        }
