"""What a door is: from what a machine would be handed directly, to what its firmware finds in that place.

A door is one file in `kinds/` with a function `through(entry)`; the name of the file is the word on the axis `media`.
The function raises InputError for a target that has no such door, HostError where its files cannot be made.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.boot.ladder import Rung
from harness.boot.preamble import Preamble
from harness.errors import InputError
from harness.kernel.distro import target_file
from harness.machine.qemu.argv import Media
from harness.plan.target import Target
from harness.store import Store

_KINDS = f"{__name__.rpartition('.')[0]}.kinds"


@dataclass(frozen=True, slots=True)
class Entry:
    """A machine before its door is chosen: `direct` has its kernel, initrd, device tree, command line and disks.

    `folder` takes the files that the machine may write to; it lasts as long as the machine does.
    """

    target: Target
    direct: Media
    folder: Path
    store: Store

    @property
    def kernel(self) -> Path:
        """The kernel."""
        assert self.direct.kernel is not None  # noqa: S101 -- a cell has one
        return self.direct.kernel

    @property
    def initrd(self) -> Path:
        """The initrd."""
        assert self.direct.initrd is not None  # noqa: S101 -- a cell has one
        return self.direct.initrd

    @property
    def cmdline(self) -> str:
        """The kernel's command line."""
        return " ".join(self.direct.cmdline)

    def refused(self, why: str, key: str, hint: str) -> InputError:
        """The error of a target that has no such door; `key` is the one of target.yml that decides it."""
        return InputError(f"{self.target.name} {why}", where=target_file(self.target, key), hint=hint)


@dataclass(frozen=True, slots=True)
class Opened:
    """The machine with its door. `rungs`: the milestones between its firmware's own and the kernel's, in order.

    `preamble`: what is to be said on the console before the kernel runs.
    """

    media: Media
    rungs: tuple[Rung, ...] = ()
    preamble: Preamble | None = None


def through(media: str, entry: Entry) -> Opened:
    """Go through the door of that word of the axis."""
    kind = importlib.import_module(f"{_KINDS}.{media.replace('-', '_')}")
    go: Callable[[Entry], Opened] = kind.through
    return go(entry)
