"""The device tree must be this board's: with another's, the kernel looks for every device where it is not."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level

ALWAYS = True


def check(facts: Facts) -> Iterator[Finding]:
    root = facts.tree.at("/") if facts.tree else None
    wanted = [machine for machine in facts.machines if machine.tree]
    if root is None or not wanted or any(machine.tree in root.compatible for machine in wanted):
        return
    yield Finding(
        Level.WARNING,  # boards that are alike run with each other's
        f"the device tree is that of {root.compatible[0]}",
        f"{wanted[0].what} is compatible with {wanted[0].tree}, and its devices are elsewhere",
        hint="leave --dtb out, or name the tree of this board",
        cause="wrong-dtb",
    )
