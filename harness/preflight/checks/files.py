"""What is wrong with the files themselves. Only somebody who insists gets this far with one that is no kernel."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level

ALWAYS = True


def check(facts: Facts) -> Iterator[Finding]:
    for name, what in facts.complaints.items():
        yield Finding(Level.ERROR, f"the {name} {what}", "a kernel may make nothing of it")
