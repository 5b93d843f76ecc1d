"""Why a boot failed, as lines of text for whoever waits for it: the cause, what proves it, what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.report.results import CauseRecord

EVIDENCE = 5


def reason(diagnosis: CauseRecord) -> Iterator[str]:
    """All text is clean: it comes out of a record."""
    yield f"cause:     {diagnosis.text}"
    yield from listed("evidence: ", diagnosis.evidence[:EVIDENCE])
    yield f"do:        {diagnosis.next}"
    yield from listed("broken:   ", diagnosis.broken)


def listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    """Lines under one title."""
    for number, line in enumerate(lines):
        yield f"{title if number == 0 else ' ' * len(title)} {line}"
