"""The kernel's own words are a milestone: the command line must not silence them."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level
from harness.words import Outcome

ALWAYS = True


def check(facts: Facts) -> Iterator[Finding]:
    level = facts.last("loglevel") or ""
    # "Linux version ..." is of level 5 (notice): it is shown where the console's level is higher.
    quiet = "quiet" in facts.words and not level
    if quiet or (level.isdigit() and int(level) <= 5):
        word = "quiet" if quiet else f"loglevel={level}"
        yield Finding(
            Level.WARNING,
            f"the command line has {word}",
            "the milestone `kernel` is its line 'Linux version', which is not shown",
            predicts=Outcome.HANG,
            hint="leave the word out",
            cause="console-quiet",
        )
