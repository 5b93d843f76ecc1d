"""A rule: which line it knows, what that line means, how people title it. Data only; `rules/` holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.diagnosis.diagnosis import Severity
from harness.words import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of line.

    `needles` are literals of which every match contains at least one: looking for them first is what makes a flood of
    text cheap. `pattern` is searched in a message (a line without its time, caller and colours), so that `^` is the
    begin of what was said; quantifiers must be bounded. `title` may name groups of the pattern and facts of the
    trace (`{function}`, `{access}`); a part in `[...]` is dropped where one of its names is not known.
    """

    name: str
    severity: Severity
    outcome: Outcome | None
    needles: tuple[str, ...]
    pattern: str
    title: str
    example: str
    until: str = ""
    """The milestone that takes it back: a boot that got so far afterwards did not fail of this."""
    unless: str = ""
    """Of a warning with an outcome: the rule whose line, anywhere in the same boot, tells that it is not that grave."""
    traced: bool = False
    """Whether a call trace follows."""
    live: bool = False
    """Whether it ends a boot that is watched, as soon as the line arrives."""
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern))


def benign(name: str, needles: str, pattern: str, example: str) -> Rule:
    """A line that sounds bad and is not."""
    return _rule(name, Severity.BENIGN, None, needles, pattern, "", example)


def panic(name: str, outcome: Outcome, needles: str, pattern: str, title: str, example: str) -> Rule:
    """The kernel gave up; its text says of what."""
    return _rule(name, Severity.PANIC, outcome, needles, pattern, title, example, traced=True, live=True)


def oops(name: str, needles: str, pattern: str, title: str, example: str) -> Rule:
    """The kernel, or a sanitizer of it, caught a bug of the kernel's."""
    return _rule(name, Severity.OOPS, Outcome.OOPS, needles, pattern, title, example, traced=True, live=True)


def stall(
    name: str, outcome: Outcome, needles: str, pattern: str, title: str, example: str, *, live: bool = True
) -> Rule:
    """Something does not get on: lockup, hung task, RCU stall."""
    return _rule(name, Severity.STALL, outcome, needles, pattern, title, example, traced=True, live=live)


def decisive(
    name: str,
    severity: Severity,
    outcome: Outcome,
    needles: str,
    pattern: str,
    title: str,
    example: str,
    *,
    until: str = "",
    live: bool = False,
) -> Rule:
    """A failure outside the kernel's own reports. `until`: the milestone that takes it back."""
    return _rule(name, severity, outcome, needles, pattern, title, example, until=until, live=live)


def loader(
    name: str, needles: str, pattern: str, title: str, example: str, *, until: str = "loaded", live: bool = False
) -> Rule:
    """The boot loader gave up, unless it then loads a kernel (or another loader starts, where `until` says so)."""
    outcome = Outcome.BOOTLOADER_FAILURE
    return _rule(name, Severity.LOADER, outcome, needles, pattern, title, example, until=until, live=live)


def attempt(name: str, needles: str, pattern: str, title: str, example: str) -> Rule:
    """The boot loader tried in vain; it decides where nothing else was tried and its prompt is the end."""
    outcome = Outcome.BOOTLOADER_FAILURE
    return _rule(name, Severity.ATTEMPT, outcome, needles, pattern, title, example, until="bootloader")


def firmware(
    name: str, needles: str, pattern: str, title: str, example: str, *, until: str = "loaded", live: bool = False
) -> Rule:
    """The firmware gave up, unless a kernel is loaded afterwards (or a boot loader starts, where `until` says so)."""
    outcome = Outcome.FIRMWARE_FAILURE
    return _rule(name, Severity.LOADER, outcome, needles, pattern, title, example, until=until, live=live)


def warning(
    name: str,
    needles: str,
    pattern: str,
    title: str,
    example: str,
    *,
    traced: bool = True,
    outcome: Outcome | None = None,
    unless: str = "",
) -> Rule:
    """The kernel complained and went on. `outcome`: what the boot ended of where the log ends before it went on."""
    return _rule(name, Severity.WARNING, outcome, needles, pattern, title, example, unless=unless, traced=traced)


def _rule(
    name: str,
    severity: Severity,
    outcome: Outcome | None,
    needles: str,
    pattern: str,
    title: str,
    example: str,
    *,
    until: str = "",
    unless: str = "",
    traced: bool = False,
    live: bool = False,
) -> Rule:
    return Rule(
        name=name, severity=severity, outcome=outcome, needles=tuple(needles.split("|")), pattern=pattern, title=title,
        example=example, until=until, unless=unless, traced=traced, live=live,
    )  # fmt: skip
