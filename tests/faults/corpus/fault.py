"""What a fault is: a healthy boot, what is done to it, and what must be said of it. Data; the boots are `boots.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.image.assemble import BootFiles
from harness.machine.qemu.argv import Media
from harness.machine.qemu.machine import QemuMachine
from harness.plan.cells import Cell
from harness.plan.target import Boot
from harness.words import Outcome

# Seconds without a sign of life: of a machine that is to stand still, longer than any is silent on its way up; of one
# that is to say what happens to it, so long that no host is too slow for it.
SILENCE = {True: 4.0, False: 30.0}
DEADLINE = 120.0
ARM64, ARMHF, RISCV64, S390X = "arm64-cloud-virt", "armhf-cloud-virt", "riscv64-cloud-virt", "s390x-cloud-ccw"
MICROVM, KVM, PC, UEFI = "x86_64-cloud-microvm", "x86_64-cloud-kvm", "x86_64-baremetal-legacy", "arm64-baremetal-uefi"


class Meddled(QemuMachine):
    """QEMU, with its monitor and its process in reach of whoever does something to it while it runs."""

    async def tell(self, command: str, **arguments: object) -> Any:
        """A command to the monitor. Raises QMPError."""
        assert self._monitor
        return await self._monitor.execute(command, **arguments)


@dataclass(frozen=True, slots=True)
class Meddling:
    """Something that happens to the machine from outside, once its console has said `after`."""

    after: bytes
    act: Callable[[Meddled], Any]  # a coroutine is awaited


@dataclass(frozen=True)
class Scene:
    """A boot before it starts. What is None or empty is as the healthy boot has it.

    `foreign`: kernel and initrd are handed over as a user's own, with `words` behind those of the target.
    """

    cell: Cell
    folder: Path  # for files that are made for this boot
    files: BootFiles
    foreign: bool = False
    kernel: Path | None = None
    initrd: Path | None = None
    has_initrd: bool = True
    dtb: Path | None = None
    disk: Path | None = None  # of a user's, in the place of a kernel
    root: Path | None = None  # a disk of a user's that goes with a kernel
    words: tuple[str, ...] = ()
    ready: str = "bootmatrix: step=ready"  # what its console says when it is up, of a user's own
    media: tuple[Callable[[Media], Media], ...] = ()
    meddling: tuple[Meddling, ...] = ()
    board: str = ""  # the way in which its board is broken, where a board boots it
    room: int = 0  # bytes of the file system that the run's records are on; 0: that of the system

    def with_target(self, **changes: object) -> Scene:
        """The same on hardware that differs; each change goes to a part of the target (`machine`, `boot`, ...)."""
        target = self.cell.target
        update = {
            name: getattr(target, name).model_copy(update=value) if isinstance(value, dict) else value
            for name, value in changes.items()
        }
        return replace(self, cell=replace(self.cell, target=target.model_copy(update=update)))

    def with_patience(self, silence: float, deadline: float) -> Scene:
        """How long to wait for it."""
        boot: Boot = self.cell.target.boot
        return self.with_target(boot=boot.model_copy(update={"silence": silence, "deadline": deadline}))


Way = Callable[[Scene], Scene]  # what is done to a boot


@dataclass(frozen=True, slots=True)
class Fault:
    """`outcomes`: more than one only where kernels of one family end in either. `sample`: it is part of the CI's tests.

    `causes` are ids of docs/causes.md; more than one only where either names what is wrong.
    """

    id: str
    target: str
    by: tuple[Way, ...]
    outcome: Outcome | None  # None: the machine does not even start
    cause: str
    also: tuple[Outcome, ...] = field(default=())
    silence: float | None = None
    deadline: float = DEADLINE
    sample: bool = False

    @property
    def patience(self) -> float:
        """Seconds without a sign of life after which it hangs: `silence`, or what its outcome asks for."""
        stands_still = self.outcome in (Outcome.HANG, Outcome.NO_OUTPUT)
        return SILENCE[stands_still] if self.silence is None else self.silence
