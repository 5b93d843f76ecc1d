"""The kernel must take an initrd at all, and unpack the form that this one has."""

from __future__ import annotations

from collections.abc import Iterator

from harness.kernel.symbols import text_of
from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level
from harness.preflight.need import findings_of, unmet
from harness.words import Outcome

_CAUSE = "initrd-format-unsupported"


def check(facts: Facts) -> Iterator[Finding]:
    if facts.initrd is None:
        return
    built_in = bool(text_of(facts.symbols, "INITRAMFS_SOURCE"))  # then there is another /init to start
    outcome = None if built_in or "root" in facts.words else Outcome.NO_ROOTFS
    if missing := unmet("BLK_DEV_INITRD", facts, early=True):
        level = Level.ERROR if missing.certain and not built_in else Level.WARNING
        yield Finding(
            level, missing.what, "the initrd would be ignored", missing.symbol, predicts=outcome, cause=_CAUSE
        )
        return
    for form in dict.fromkeys(facts.initrd.forms):
        if entry := facts.knowledge.compression.get(form):
            yield from findings_of(
                entry,
                facts,
                f"it cannot unpack {entry.what}",
                certain=not built_in,
                predicts=outcome,
                early=True,
                cause=_CAUSE,
            )
