"""A finding of preflight as a cause: of a boot that ended as it predicted, or of one that was not even tried."""

from __future__ import annotations

from harness.diagnosis.cause import Cause
from harness.preflight.finding import Finding


def cause_of_finding(found: Finding, *evidence: str) -> Cause | None:
    """None for one that is no cause by itself."""
    if not found.cause:
        return None
    to_do = found.hint or (f"set {found.symbol}=y" if found.symbol else "see docs/preflight.md")
    return Cause(found.cause, f"{found.what}: {found.why}", (found.what, *evidence), to_do)
