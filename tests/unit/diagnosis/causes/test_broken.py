"""A rule that raises costs its own answer only, and whoever reads the record is told."""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.diagnosis.why import RULE_BROKEN, cause_of
from harness.words import Outcome

CASE = Case(Outcome.HANG, line="nothing was said")
KNOWN = Cause("cable-cut", "the cable is cut", ("no carrier",), "plug it in")


@explains(Weight.HOST)
def hasty(case: Case) -> Cause | None:
    """Takes for granted that somebody said something."""
    return Cause(case.console[0], "", (), "")


@explains(Weight.STATED)
def calm(_: Case) -> Cause | None:
    """Knows."""
    return KNOWN


def test_the_next_rule_is_asked() -> None:
    cause = cause_of(CASE, [hasty, calm])
    assert cause
    assert (cause.id, cause.evidence) == (KNOWN.id, KNOWN.evidence)
    assert len(cause.broken) == 1
    assert cause.broken[0].startswith("test_broken.hasty: IndexError: tuple index out of range (test_broken.py:")


def test_where_no_other_knows_it_is_the_answer() -> None:
    cause = cause_of(CASE, [hasty])
    assert cause
    assert (cause.id, cause.evidence, len(cause.broken)) == (RULE_BROKEN, ("nothing was said",), 1)
    assert RULE_BROKEN == "rule-broken"


def test_a_rule_that_is_not_asked_cannot_break() -> None:
    panics_only = explains(Weight.HOST, Outcome.KERNEL_PANIC)(hasty.find)
    assert cause_of(CASE, [panics_only]) is None
    assert cause_of(CASE, [calm]) == KNOWN
