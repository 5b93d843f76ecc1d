"""What preflight said would happen, and did: of a boot that was tried all the same, or that was uncertain."""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.diagnosis.foreseen import cause_of_finding


@explains(Weight.PREDICTED)
def came_true(case: Case) -> Cause | None:
    """The first finding, errors first, that predicts this very outcome and has a name as a cause."""
    found = [one for one in case.findings if one.cause and one.predicts and one.predicts is case.outcome]
    return cause_of_finding(found[0], case.line) if found else None
