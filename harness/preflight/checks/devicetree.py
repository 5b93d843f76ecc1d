"""The devices of a board's tree without which it hardly starts: interrupt controllers, timers, clocks, pins."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding
from harness.preflight.need import findings_of


def check(facts: Facts) -> Iterator[Finding]:
    if facts.tree is None:
        return
    for node in facts.tree.nodes:
        if not node.enabled:
            continue
        for compatible in node.compatible:
            if entry := facts.knowledge.compatibles.get(compatible):
                if not entry.console:
                    yield from findings_of(
                        entry, facts, f"{entry.what} ({compatible}) would have no driver", certain=False
                    )
                break
