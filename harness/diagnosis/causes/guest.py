"""What programs in the guest say of their surroundings: no room on a disk, a clock that stands in the past."""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.diagnosis.steps import first_failed
from harness.words import Outcome

_ENDS = (
    Outcome.SERVICE_FAILED,
    Outcome.EMERGENCY_SHELL,
    Outcome.READY,
    Outcome.HANG,
    Outcome.INIT_DIED,
    Outcome.INCOMPLETE,
    Outcome.POWERED_OFF,
)
_DISK_FULL = r"No space left on device|\b[Dd]isk full\b|\bENOSPC\b|Disk quota exceeded"
_CLOCK = (
    r"certificate (?:is |has |)(?:not yet valid|expired or is not yet valid)|not yet valid: current time"
    r"|certificate is not valid before|[Cc]lock skew detected"
    r"|System clock wrong by -?\d{5,12}\.|[Ss]ystem (?:time|clock) (?:is )?(?:before|in the past|wrong)"
    r"|[Cc]lock (?:is )?(?:in the past|not synchroni[sz]ed)|Release file for [^\n]{1,120} is not valid yet"
    r"|(?:last (?:mount|write) time|Superblock last \w{1,8} time) [^\n]{0,60}is in the future"
)
_CLOCK_SET = r"setting system clock to (?:19\d\d|200\d|201\d)-\d\d-\d\d[^\n]{0,40}"


@explains(Weight.STATED, *_ENDS)
def disk_full(case: Case) -> Cause | None:
    """A write was refused."""
    found = case.said(_DISK_FULL)
    if found is None:
        return None
    return Cause(
        "guest-disk-full",
        "a file system of the guest is full",
        (found.string, *first_failed(case)),
        "give that file system more room: a larger disk (size), or for a root in memory more memory",
    )


@explains(Weight.STATED, *_ENDS)
def clock_in_the_past(case: Case) -> Cause | None:
    """Certificates and repositories are refused where the clock stands before their time."""
    found = case.said(_CLOCK)
    if found is None:
        return None
    clock = case.said(_CLOCK_SET)
    return Cause(
        "clock-in-the-past",
        "the guest's clock stands in the past",
        (found.string, *((clock.string,) if clock else ()), *first_failed(case)),
        "give the machine a clock (an RTC and its driver), or let the image wait for NTP before that step",
    )
