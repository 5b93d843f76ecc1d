"""What the image asks of a kernel, as its components say: file systems, control groups, namespaces, ..."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level
from harness.preflight.need import findings_of
from harness.words import Outcome


def check(facts: Facts) -> Iterator[Finding]:
    for name in facts.needs:
        entry = facts.knowledge.features.get(name)
        if entry is None:
            yield Finding(Level.WARNING, f"nothing is known of the feature {name}", "the image asks for it")
            continue
        outcome = _outcome(name, entry.predicts, facts)
        certain = facts.ours and not _idle(name, facts)
        yield from findings_of(
            entry, facts, f"the image needs {entry.what}", certain=certain, predicts=outcome, cause=entry.cause
        )
        for word in entry.cmdline:
            if word in facts.cmdline:
                yield Finding(Level.WARNING, f"the command line has {word}", f"the image needs {entry.what}")


def _outcome(name: str, predicts: str | None, facts: Facts) -> Outcome | None:
    if name == "printk":
        return facts.when_silent
    return Outcome(predicts) if predicts else None


def _idle(name: str, facts: Facts) -> bool:
    """The init of ours looks into /sys for disks and network cards only."""
    return name == "sysfs" and not (facts.target.disks or facts.target.nics)
