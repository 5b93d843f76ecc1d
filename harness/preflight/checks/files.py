"""What is wrong with the files themselves. Only somebody who insists gets this far with one that is no kernel."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level

ALWAYS = True
# Kernels and machines take trees that our reader does not, so one that it cannot read is only told of.
_MAY_WORK = frozenset({"device tree"})


def check(facts: Facts) -> Iterator[Finding]:
    for name, what in facts.complaints.items():
        if name in _MAY_WORK:
            yield Finding(
                Level.WARNING, f"the {name} file: {what}", "the machine may have no devices", cause="wrong-dtb"
            )
        else:
            yield Finding(Level.ERROR, f"the {name} file: {what}", "a kernel may make nothing of it")
