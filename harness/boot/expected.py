"""Reads a diagnosis by what a target's boot should have shown. Pure."""

from __future__ import annotations

from dataclasses import replace

from harness.boot.ladder import FactRung, ShutdownRung, image_ladder
from harness.diagnosis.diagnosis import Diagnosis
from harness.plan.target import Target
from harness.words import Outcome

_UNFINISHED = frozenset({Outcome.INCOMPLETE, Outcome.POWERED_OFF, Outcome.HANG})


def missing(diagnosis: Diagnosis, target: Target) -> list[str]:
    """Milestones of the target's ladder that the log does not show, in order.

    Only an image of ours prints marks; of any other the log can show no more than the machine and the kernel do.
    """
    seen = {step.name for step in diagnosis.milestones}
    rungs = image_ladder(target, running={}, metadata={}, asks_machine=False)
    names = [rung.name for rung in rungs if not isinstance(rung, FactRung | ShutdownRung)]
    if "drivers" not in seen:
        names = [name for name in names if name in {"firmware", "kernel", "efi", "init"}]
    return [name for name in names if name not in seen and name not in {"efi", "secure-boot"}]


def expecting(diagnosis: Diagnosis, target: Target) -> Diagnosis:
    """The diagnosis with what the target adds: what should have come next, and where to look when nothing did."""
    absent = missing(diagnosis, target)
    words = [diagnosis.cause]
    if diagnosis.outcome in _UNFINISHED and absent:
        words.append(f"the next milestone would have been {absent[0]}")
    if diagnosis.outcome in {Outcome.INCOMPLETE, Outcome.NO_OUTPUT} and "kernel" in absent:
        words.append(f"nothing of the kernel was seen: {target.name} shows it with console={target.console.device}")
    if diagnosis.outcome is Outcome.READY and target.boot.poweroff and "poweroff" in absent:
        words.append("it was up, and the log ends before it switched itself off")
    return replace(diagnosis, cause="; ".join(words))
