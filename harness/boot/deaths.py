"""Lines that end a boot while it is watched: the rules of `harness.diagnosis` that are marked live, and no others.

A rule fires on any wait, as soon as its line has arrived. The first rule that fits a line names the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from harness.diagnosis.catalogue import all_rules
from harness.diagnosis.diagnosis import Severity
from harness.diagnosis.message import messages
from harness.diagnosis.needles import Needles
from harness.diagnosis.rule import Rule
from harness.words import Outcome

_AHEAD = 1.5  # times the real clock; more is no clock, but a guess
_GRACE = 10.0  # seconds that a real board's kernel may have been up before anybody looked


@dataclass(frozen=True, slots=True)
class Death:
    """A death rule that fired: the decisive line and its place in the text.

    `counted`: where the guest only counted seconds to find it, what its clock said then.
    """

    outcome: Outcome
    line: str
    offset: int
    counted: float | None = None

    def may_be(self, age: float) -> bool:
        """Whether a machine that was switched on `age` seconds ago can have died of it.

        A guest whose clock runs ahead finds stalls where nothing stands still: on a busy host a kernel may measure its
        counter (see kernel/tsc.py) as a fortieth of what it is. If it does stand still, its silence tells.
        """
        return self.counted is None or self.counted <= _AHEAD * age + _GRACE


@cache
def watched() -> tuple[tuple[Rule, ...], Needles[int]]:
    """The rules, and their literals. Read once, which takes a tenth of a second: to be done before a machine is on.

    A guest prints a byte at a time, and waits as soon as a few hundred have not been read.
    """
    rules = tuple(rule for rule in all_rules() if rule.live or rule.severity is Severity.BENIGN)
    return rules, Needles((needle, rank) for rank, rule in enumerate(rules) for needle in rule.needles)


def deaths_in(text: str) -> Iterator[Death]:
    """The fatal lines of a block, in the order they stand there."""
    rules, needles = watched()
    start = end = -1
    ranks: set[int] = set()
    for place, found in needles.in_text(text):
        if place >= end:
            if ranks and (death := _death(text, start, end, [rules[rank] for rank in sorted(ranks)])):
                yield death
            ranks = set()
            start = text.rfind("\n", 0, place) + 1
            end = text.find("\n", place)
            end = len(text) if end < 0 else end
        ranks.update(found)
    if ranks and (death := _death(text, start, end, [rules[rank] for rank in sorted(ranks)])):
        yield death


def _death(text: str, start: int, end: int, rules: list[Rule]) -> Death | None:
    for message in messages(text[start:end]):
        rule = next((rule for rule in rules if rule.compiled.search(message.text)), None)
        if rule and rule.outcome:
            counted = message.at if rule.severity is Severity.STALL else None
            return Death(rule.outcome, text[start:end].strip(), start, counted)
    return None
