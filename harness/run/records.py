"""Turns what the engine did into the records of results.json."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause
from harness.diagnosis.foreseen import cause_of_finding
from harness.diagnosis.why import cause_of
from harness.forensics.findings import Findings
from harness.preflight.finding import Finding, errors
from harness.report.results import (
    AcceleratorRecord,
    AttemptRecord,
    CauseRecord,
    CellRecord,
    Durations,
    FindingRecord,
    ForensicsRecord,
    HostRecord,
    MilestoneRecord,
)
from harness.run.accelerators import Emulator
from harness.run.attempt import Attempt
from harness.run.work import Prepared, Work
from harness.words import Arch, Verdict

EVIDENCE = 8  # lines of a cause's evidence that are kept
LOG_LINES = 200  # of the kernel's log out of guest memory: its last ones


def overall(attempts: Sequence[Attempt]) -> Verdict:
    """The verdict of a cell: that of its last attempt, but a pass on a retry is `flaky`."""
    last = attempts[-1].verdict
    return Verdict.FLAKY if last is Verdict.PASS and len(attempts) > 1 else last


def attempt_record(attempt: Attempt, build: float, run_dir: Path) -> AttemptRecord:
    """One attempt; `build` is in seconds and counts for the first attempt only."""
    if attempt.result is None:
        return AttemptRecord(
            verdict=Verdict.ERROR,
            cause=attempt.trouble,
            durations=Durations(build=build),
            command=attempt.command,
            diagnosis=cause_record(attempt.diagnosis),
        )
    result = attempt.result
    return AttemptRecord(
        verdict=result.ruling.verdict,
        outcome=result.ruling.outcome,
        cause=result.ruling.cause or None,
        milestones=tuple(MilestoneRecord.of(step) for step in result.reached),
        durations=Durations(build=build, boot=result.boot, teardown=result.teardown),
        console=result.console_log.relative_to(run_dir).as_posix(),
        command=attempt.command,
        forensics=_forensics(attempt.findings),
        screen=attempt.screen.relative_to(run_dir).as_posix() if attempt.screen else None,
        purpose=attempt.purpose,
        diagnosis=cause_record(attempt.diagnosis),
    )


def cause_record(cause: Cause | None) -> CauseRecord | None:
    """A cause for results.json, its evidence bounded."""
    if cause is None:
        return None
    evidence, broken = cause.evidence[:EVIDENCE], cause.broken[:EVIDENCE]
    return CauseRecord(id=cause.id, text=cause.text, evidence=evidence, next=cause.next, broken=broken)


def _forensics(found: Findings | None) -> ForensicsRecord | None:
    if found is None:
        return None
    cpus = tuple(str(cpu) for cpu in found.cpus)
    return ForensicsRecord(cpus=cpus, kernel_log=found.log[-LOG_LINES:], truncated=found.truncated)


def cell_record(
    work: Work,
    *,
    machine: str,
    emulator: Emulator | None,
    prepared: Prepared,
    attempts: Sequence[Attempt],
    build: float,
    run_dir: Path,
    probes: Sequence[Attempt] = (),
) -> CellRecord:
    """A cell that was booted at least once. `probes` are boots that judged nothing."""
    records = [attempt_record(one, build if number == 0 else 0.0, run_dir) for number, one in enumerate(attempts)]
    last = records[-1]
    verdict = overall(attempts)
    cause = last.cause
    if last.diagnosis:
        # What it means first, for a table is cut at the end; then what was seen.
        cause = "; ".join(text for text in (last.diagnosis.text, last.cause) if text)
    if verdict is Verdict.FLAKY:
        first = records[0]
        cause = f"passed on attempt {len(records)}; the first ended in {first.outcome or first.verdict}: {first.cause}"
    return _base(
        work,
        machine=machine,
        verdict=verdict,
        outcome=last.outcome,
        cause=cause,
        accelerator=accelerator_record(emulator),
        attempts=(*records, *(attempt_record(probe, 0.0, run_dir) for probe in probes)),
        milestones=last.milestones,
        missing=attempts[-1].result.missing if attempts[-1].result else (),
        durations=last.durations.model_copy(update={"build": build}),
        artefacts=prepared.artefacts,
        preflight=finding_records(prepared.findings),
        command=last.command,
        console=last.console,
        forensics=last.forensics,
        screen=last.screen,
        diagnosis=last.diagnosis,
        failed_units=attempts[-1].units,
    )


def not_booted(
    work: Work, verdict: Verdict, cause: str, *, machine: str | None = None, build: float = 0.0
) -> CellRecord:
    """A cell that never got to a boot: its build failed, or the run was interrupted."""
    found = cause_of(Case(None, line=cause, trouble=cause)) if verdict is Verdict.ERROR else None
    return _base(
        work,
        machine=machine,
        verdict=verdict,
        cause=cause,
        diagnosis=cause_record(found),
        durations=Durations(build=build),
    )


def refused(work: Work, prepared: Prepared, build: float) -> CellRecord:
    """A cell that preflight keeps from being booted."""
    found = errors(prepared.findings)
    causes = (cause_of_finding(one, one.why) for one in found)
    return _base(
        work,
        machine=None,
        verdict=Verdict.FAIL,
        cause=refusal(found),
        diagnosis=cause_record(next((cause for cause in causes if cause), None)),
        durations=Durations(build=build),
        artefacts=prepared.artefacts,
        preflight=finding_records(prepared.findings),
    )


def refusal(found: Sequence[Finding]) -> str:
    """The cause of a cell that was not booted, in one sentence."""
    told = [str(one) for one in found[:3]]
    if len(found) > 3:
        told.append(f"{len(found) - 3} more")
    return f"preflight: {'; '.join(told)}; --no-preflight boots it anyway"


def finding_records(found: Sequence[Finding]) -> tuple[FindingRecord, ...]:
    """Preflight's findings for results.json."""
    return tuple(
        FindingRecord(
            level=one.level.value,
            symbol=one.symbol,
            what=one.what,
            why=one.why,
            hint=one.hint,
            predicts=one.predicts,
        )
        for one in found
    )


def _base(work: Work, *, machine: str | None, **rest: object) -> CellRecord:
    image, kernel, media = work.axes
    target = work.target
    return CellRecord.model_validate(
        {
            "cell": work.id,
            "target": target.name,
            "arch": target.arch,
            "class": target.class_,
            "image": image,
            "kernel": kernel,
            "media": media,
            "machine": machine or target.machine.type,
            **rest,
        }
    )


def accelerator_record(emulator: Emulator | None) -> AcceleratorRecord | None:
    """How the guest's code ran; None for a board."""
    if emulator is None:
        return None
    return AcceleratorRecord(name=emulator.accelerator.name, reason=emulator.accelerator.reason)


def host_record(emulators: Mapping[Arch, Emulator]) -> HostRecord:
    """This host, and the emulators it used."""
    system = platform.uname()
    return HostRecord(
        python=platform.python_version(),
        kernel=f"{system.system} {system.release}",
        machine=system.machine,
        cpus=len(os.sched_getaffinity(0)),
        memory_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20),
        qemu={emulator.binary.path.name: emulator.binary.version for emulator in emulators.values()},
        accelerator={
            arch: AcceleratorRecord(name=emulator.accelerator.name, reason=emulator.accelerator.reason)
            for arch, emulator in emulators.items()
        },
    )
