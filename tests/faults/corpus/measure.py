"""What the boots of the corpus come to: right or wrong, how late, and whether the floors hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.corpus.boots import Seen

CAUSES_RIGHT = 0.95
LATEST = 0.1  # seconds from the decisive line to the verdict
PATIENCE = 1.5  # of its progress budget, after which a hang is called
_CLOCK = re.compile(r"no sign of life for|not done after")


@dataclass(frozen=True, slots=True)
class Floor:
    """Something that was promised, and what was measured."""

    what: str
    measured: str
    holds: bool

    def __str__(self) -> str:
        return f"{'holds ' if self.holds else 'BROKEN'} {self.what}: {self.measured}"


def is_hang(seen: Seen) -> bool:
    """Patience ended the boot, and not a line."""
    return bool(_CLOCK.search(_ruling(seen)))


def _ruling(seen: Seen) -> str:
    return (seen.record.attempts[0].cause or "") if seen.record.attempts else ""


def latency(seen: Seen) -> float | None:
    """Seconds from the arrival of what decided to the verdict; None of a hang, or where no machine was started."""
    watch = seen.watch
    if watch.ruled is None or is_hang(seen):
        return None
    # A failed step is told with its name and what was expected around the line.
    line = _ruling(seen).removeprefix(f"{_ruling(seen).partition(' failed: ')[0]} failed: ").partition(" (expected")[0]
    arrived = watch.arrival_of(line.encode()) if line else None
    if arrived is None:
        arrived = max((at for at in watch.facts if at <= watch.ruled), default=None)
    return None if arrived is None else max(0.0, watch.ruled - arrived)


def patience(seen: Seen) -> float | None:
    """Of a hang: how long it took to be called after the last sign of life, as a share of its budget.

    Both in the machine's own time, as the budget is: without what the host kept from it.
    """
    watch = seen.watch
    if watch.ruled is None or not is_hang(seen):
        return None
    if "not done after" in _ruling(seen):
        (begin, _), budget = watch.signs[0], seen.fault.deadline
        return (watch.ruled - begin - watch.held_back) / budget
    at, held = max(sign for sign in watch.signs if sign[0] <= watch.ruled)
    return (watch.ruled - at - (watch.held_back - held)) / seen.fault.patience


def line_of(seen: Seen) -> str:
    """One fault in one line."""
    fault, record = seen.fault, seen.record
    late, waited = latency(seen), patience(seen)
    when = f"{1000 * late:.1f} ms" if late is not None else f"{waited:.2f} of its budget" if waited is not None else "-"
    line = f"{'ok   ' if seen.is_right else 'WRONG'} {fault.id}: {record.outcome}, {seen.cause or 'no cause'}, {when}"
    line += f" ({seen.seconds:.1f} s)"
    if seen.is_right:
        return line
    wanted = " or ".join(str(one) for one in (fault.outcome, *fault.also))
    return f"{line}\n      expected {wanted}, {fault.cause}; it said: {record.cause}"


def table(seen: Sequence[Seen]) -> str:
    """Expected by seen, outcomes and causes: all pairs, how often, the wrong ones marked."""
    outcomes = Counter((str(one.fault.outcome), str(one.record.outcome), one.is_outcome_right) for one in seen)
    causes = Counter((one.fault.cause, one.cause or "none", one.is_cause_right) for one in seen)
    parts = []
    for what, pairs in (("outcome", outcomes), ("cause", causes)):
        width = max(len(expected) for expected, _, _ in pairs)
        rows = [f"{what} expected -> seen"]
        for (expected, got, right), count in sorted(pairs.items()):
            rows.append(f"  {expected:{width}} -> {got:{width}} {count:3}{'' if right else '  WRONG'}")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def floors(seen: Sequence[Seen]) -> list[Floor]:
    """What is promised of faults."""
    detected = sum(one.is_detected for one in seen)
    outcomes = sum(one.is_outcome_right for one in seen)
    causes = sum(one.is_cause_right for one in seen)
    late = [late for one in seen if (late := latency(one)) is not None]
    waited = [share for one in seen if (share := patience(one)) is not None]
    total = len(seen)
    return [
        Floor("every fault is detected", f"{detected} of {total}", detected == total),
        Floor("every outcome is right", f"{outcomes} of {total}", outcomes == total),
        Floor(f"causes are right in {CAUSES_RIGHT:.0%}", f"{causes} of {total}", causes >= CAUSES_RIGHT * total),
        Floor(
            f"the verdict is out {1000 * LATEST:.0f} ms after the decisive line",
            f"at most {1000 * max(late, default=0.0):.1f} ms in {len(late)} boots",
            max(late, default=0.0) <= LATEST,
        ),
        Floor(
            f"a hang is called within {PATIENCE} of its budget",
            f"at most {max(waited, default=0.0):.2f} in {len(waited)} boots",
            max(waited, default=0.0) <= PATIENCE,
        ),
    ]
