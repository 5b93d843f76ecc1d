"""After the ruling: everything that is known of a boot that failed becomes one case, and the case has a cause."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from harness.boot.session import BootResult
from harness.diagnosis.case import Case
from harness.diagnosis.diagnoser import Diagnoser
from harness.diagnosis.message import message, messages, plain
from harness.diagnosis.units import failed_units
from harness.forensics.findings import Findings
from harness.kernel.footprint import HEAD, footprint
from harness.plan.target import Target
from harness.run.work import Prepared

HEAD_BYTES = 64 << 10  # of a console log that are looked at: its beginning, and
TAIL_BYTES = 256 << 10  # its end
HEAD_LINES = 400
TAIL_LINES = 1200
LINE = 400  # characters of a line
T = TypeVar("T")


def case_not_started(target: Target, prepared: Prepared, trouble: str) -> Case:
    """Of a machine that could not even be started."""
    return Case(
        None,
        line=trouble,
        target=target,
        facts=prepared.facts,
        findings=prepared.findings,
        footprint=_footprint(prepared.media.kernel),
        trouble=trouble,
    )


def case_of(target: Target, prepared: Prepared, result: BootResult, found: Findings | None) -> Case:
    """Of a boot that was no pass. Reads the console log, no more of it than it takes."""
    text = _read(result.console_log)
    console = tuple(lines_of(text))
    memory = tuple(_bounded(tuple(_records(found.log)))) if found else ()
    diagnoser = Diagnoser()
    # A console that showed no kernel tells nothing of one; its log in memory does.
    silent = memory and b"Linux version " not in text
    diagnoser.feed("\n".join(memory).encode() if silent else text)
    return Case(
        outcome=result.ruling.outcome,
        line=message(result.ruling.cause).text,
        console=console,
        memory=memory,
        reached=tuple(step.name for step in result.reached),
        missing=result.missing,
        facts=prepared.facts,
        findings=prepared.findings,
        diagnosis=diagnoser.finish(),
        cpus=found.cpus if found else (),
        footprint=_footprint(prepared.media.kernel),
        target=target,
        told=result.told,
    )


def failed_units_of(result: BootResult) -> tuple[str, ...]:
    """Units of systemd that failed on the way up, however the boot ended. Reads the console log."""
    text = _read(result.console_log)
    return failed_units(lines_of(text)) if b"systemd" in text else ()


def lines_of(text: bytes) -> Iterator[str]:
    """What was said, a message each: the first and the last of many."""
    for row in _bounded(plain(text).split(b"\n")):
        for said in messages(row[: 4 * LINE].decode("utf-8", "replace")):
            if said.text and not said.text.startswith("---[ end Kernel panic"):  # it repeats the panic
                yield said.text[:LINE]


def _records(log: Iterable[str]) -> Iterator[str]:
    """As they would have stood on the console: a record may be of several lines."""
    for record in log:
        for line in record.split("\n"):
            if line.strip():
                yield line.strip()[:LINE]


def _bounded(rows: Sequence[T]) -> Sequence[T]:
    return rows if len(rows) <= HEAD_LINES + TAIL_LINES else [*rows[:HEAD_LINES], *rows[-TAIL_LINES:]]


def _footprint(kernel: Path | None) -> int:
    if kernel is None:
        return 0
    with contextlib.suppress(OSError), kernel.open("rb") as file:
        return footprint(file.read(HEAD))
    return 0


def _read(log: Path) -> bytes:
    with contextlib.suppress(OSError), log.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = file.seek(0, 2)
        if size <= len(head):
            return head
        file.seek(max(len(head), size - TAIL_BYTES))
        gap = b"\n" if size - TAIL_BYTES > len(head) else b""
        return head + gap + file.read(TAIL_BYTES)
    return b""
