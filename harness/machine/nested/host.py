"""The outer machine of the two, as others know it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.plan.target import Target

_OWN_MEMORY = 512  # MiB that the outer system and its QEMU take, besides the inner machine's memory


@dataclass(frozen=True, slots=True)
class NestedHost:
    """What the outer machine is started with; one for all the machines that run in such."""

    target: Target
    kernel: Path
    initrd: Path
    cmdline: tuple[str, ...]
    origin: str  # of its kernel

    def holding(self, inner: Target) -> Target:
        """The outer machine, with room for an inner one."""
        machine = self.target.machine.model_copy(update={"memory": inner.machine.memory + _OWN_MEMORY})
        return self.target.model_copy(update={"machine": machine})
