"""What preflight said would happen, and did: of a boot that was tried all the same, or that was uncertain."""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.preflight.finding import Finding


@explains(Weight.PREDICTED)
def came_true(case: Case) -> Cause | None:
    """The first finding, errors first, that predicts this very outcome and has a name as a cause."""
    found = next((one for one in case.findings if one.cause and one.predicts and one.predicts is case.outcome), None)
    return _cause(found, case) if found else None


def _cause(found: Finding, case: Case) -> Cause:
    to_do = found.hint or (f"set {found.symbol}=y" if found.symbol else "see docs/preflight.md")
    return Cause(found.cause, f"{found.what}: {found.why}", (found.what, case.line), to_do)
