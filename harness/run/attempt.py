"""One attempt at one piece of work: a machine is made, booted under admission, and judged."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.boot.judge import Ruling
from harness.boot.session import BootResult, Limits, Plan, boot
from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause
from harness.diagnosis.why import cause_of
from harness.errors import BootmatrixError
from harness.forensics.findings import Findings, examine
from harness.machine.board.binding import BoundBoard
from harness.machine.nested.machine import NestedMachine
from harness.machine.protocol import Machine
from harness.machine.qemu.argv import memory_mib
from harness.machine.qemu.machine import QemuMachine
from harness.report.progress import Progress
from harness.run.accelerators import Emulator
from harness.run.admission import Admission, Need
from harness.run.investigate import case_not_started, case_of, failed_units_of
from harness.run.work import Prepared, Work
from harness.words import Reached, Verdict

MOST_SCREEN = 8 << 20  # bytes of a picture that is kept: the guest chooses how large its display is


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt came to; `result` is None when the machine could not even be started, and `trouble` says why."""

    result: BootResult | None
    trouble: str | None
    command: str
    findings: Findings | None = None  # of a guest that was stuck
    case: Case | None = None  # None for a pass
    diagnosis: Cause | None = None  # None for a pass, and where nothing is known beyond the ruling
    screen: Path | None = None  # a PNG of what the machine's display showed
    units: tuple[str, ...] = ()  # of systemd that failed
    purpose: str = ""  # why it was made, where not for the verdict

    @property
    def verdict(self) -> Verdict:
        """The attempt's own verdict."""
        return self.result.ruling.verdict if self.result else Verdict.ERROR

    @property
    def ruling(self) -> Ruling | None:
        """What ended it."""
        return self.result.ruling if self.result else None


def admitted(
    admission: Admission, work: Work, *, emulator: Emulator | None, board: BoundBoard | None
) -> AbstractAsyncContextManager[None]:
    """Inside, the boot may run: a board is taken whole, a guest takes of the host's memory and processors.

    A kernel that boots keeps one processor busy, however many it has.
    """
    if board:
        return admission.alone(board.name)
    outermost = emulator.host.holding(work.target) if emulator and emulator.host else work.target
    return admission.admitted(Need(memory=memory_mib(outermost), cpus=1))


class MachineMaker(Protocol):
    """Makes the machine of one attempt, switched off. `folder` is for files of the machine's own."""

    def __call__(
        self, work: Work, prepared: Prepared, *, emulator: Emulator | None, board: BoundBoard | None, folder: Path
    ) -> Machine: ...


def make_machine(
    work: Work, prepared: Prepared, *, emulator: Emulator | None, board: BoundBoard | None, folder: Path
) -> Machine:
    """A board of the lab where one stands in for the target, else QEMU."""
    if board:
        return board.machine(work.target, prepared.media, folder)
    assert emulator is not None  # noqa: S101 - the engine finds one for every target without a board
    binary = str(emulator.binary.path)
    if emulator.host:
        return NestedMachine(work.target, prepared.media, host=emulator.host, folder=folder, binary=binary)
    return QemuMachine(
        work.target,
        prepared.media,
        accelerator=emulator.accelerator.name,
        cpu=emulator.accelerator.cpu,
        folder=folder,
        binary=binary,
    )


def plan_of(work: Work, prepared: Prepared, machine: Machine, progress: Progress) -> Plan:
    """What the boot is held against."""
    settings = work.target.boot

    def reached(step: Reached) -> None:
        progress.milestone(work.id, step)

    def ruled(ruling: Ruling) -> None:
        # A failure is told when it happens; its trace and the machine's end may still take a moment.
        progress.phase(work.id, "teardown", f"{ruling.outcome}: {ruling.cause}" if ruling.cause else "")

    rungs = prepared.rungs(machine.watches_itself)
    progress.expect(work.id, [rung.name for rung in rungs if not rung.optional])
    limits = Limits(min(settings.silence, work.deadline), work.deadline, settings.resets)
    return Plan(
        rungs,
        limits,
        prepared.release,
        prepared.preamble,
        checks=prepared.checks,
        key=prepared.key,
        farewell=prepared.farewell,
        reached=reached,
        ruled=ruled,
    )


async def attempt(
    work: Work, prepared: Prepared, machine: Machine, *, records: Path, name: str, progress: Progress
) -> Attempt:
    """Boot it and judge it; trouble of the host's is part of the answer, not an exception."""
    progress.phase(work.id, "boot", machine.name)
    try:
        result = await boot(
            machine,
            plan_of(work, prepared, machine, progress),
            records=records,
            name=name,
            ends_at_ready=prepared.ends_at_ready,
        )
    except BootmatrixError as problem:
        return not_started(str(problem), work, prepared, machine)
    except OSError as problem:
        return not_started(f"the host failed: {problem}", work, prepared, machine)
    return await judged(work, prepared, machine, result)


async def judged(work: Work, prepared: Prepared, machine: Machine, result: BootResult) -> Attempt:
    """What a boot came to, and for one that was no pass, why: of its console, and of what the machine showed."""
    findings, screen = None, None
    if result.observation:
        screen = _kept(result.observation.screen, result.console_log)
        system_map = prepared.system_map
        fixed = _never_moves(prepared)
        findings = await asyncio.to_thread(examine, result.observation, work.target.arch, system_map, fixed=fixed)
    units = await asyncio.to_thread(failed_units_of, result)
    if result.ruling.verdict is Verdict.PASS:
        return Attempt(result, None, machine.by_hand, findings, units=units)
    case = await asyncio.to_thread(case_of, work.target, prepared, result, findings)
    return Attempt(result, None, machine.by_hand, findings, case, cause_of(case), screen, units)


def _kept(screen: Path | None, console_log: Path) -> Path | None:
    """A picture of the display, beside the console's log."""
    if screen is None:
        return None
    kept = console_log.with_suffix(".png")
    try:
        if screen.stat().st_size > MOST_SCREEN:
            return None
        shutil.move(screen, kept)
    except OSError:  # no room for it: the records that must be there will tell
        return None
    return kept


def _never_moves(prepared: Prepared) -> bool:
    facts = prepared.facts
    return facts is not None and facts.config is not None and "RANDOMIZE_BASE" not in facts.config


def not_started(trouble: str, work: Work, prepared: Prepared, machine: Machine) -> Attempt:
    """Of a machine that the host could not start; `trouble` has the host's words."""
    case = case_not_started(work.target, prepared, trouble)
    return Attempt(None, trouble, machine.by_hand, None, case, cause_of(case))
