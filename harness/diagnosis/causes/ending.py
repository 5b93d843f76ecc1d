"""The guest ended the boot itself: switched off, or reset the machine. No more is known than its last words."""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.words import Outcome, Source


@explains(Weight.NAMED, Outcome.POWERED_OFF)
def powered_off(case: Case) -> Cause | None:
    """An orderly end, and too early."""
    return Cause(
        "guest-powered-off",
        f"the guest switched itself off before {_next(case)}",
        (*_qmp(case, "SHUTDOWN"), *_last_words(case)),
        "see who asks for it in the image: an init that ends in poweroff, a failed unit with FailureAction, a script",
    )


@explains(Weight.NAMED, Outcome.RESET_LOOP)
def was_reset(case: Case) -> Cause | None:
    """By its own wish, by panic=, by a watchdog, or because a processor gave up (a triple fault on a PC)."""
    asked = case.said(r"reboot: (?:Restarting system|machine restart)|^Restarting system")
    seconds = case.last_word("panic")
    if asked:
        why, to_do = "it asked for it", "see who calls reboot in the image"
    elif seconds and seconds.lstrip("-").isdigit() and int(seconds):
        why, to_do = f"panic={seconds} has it reset after a panic", "leave panic= out to keep the panic on the console"
    else:
        why, to_do = "it did not say why", "on a PC it may be a triple fault: boot with earlyprintk=serial or earlycon"
    return Cause(
        "guest-reset",
        f"the guest reset the machine before {_next(case)}: {why}",
        (*_qmp(case, "RESET"), *((asked.string,) if asked else ()), *_last_words(case)),
        to_do,
    )


def _next(case: Case) -> str:
    return f"its milestone {case.missing[0]}" if case.missing else "its end"


def _qmp(case: Case, kind: str) -> tuple[str, ...]:
    kinds = {kind, "SHUTDOWN"}
    return tuple(event.text for event in case.told if event.source is Source.QMP and event.kind in kinds)[-1:]


def _last_words(case: Case) -> tuple[str, ...]:
    return case.lines[-3:]
