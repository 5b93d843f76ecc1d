"""A kernel whose configuration nobody knows: most checks cannot be made, and that is told once."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level

ALWAYS = True


def check(facts: Facts) -> Iterator[Finding]:
    if facts.config is None:
        yield Finding(
            Level.WARNING,
            "the kernel's configuration is not known",
            "whether it fits this machine cannot be told before it boots",
            hint="put config-<release> beside the kernel, or build it with CONFIG_IKCONFIG=y",
        )
    elif not facts.config_certain:
        yield Finding(
            Level.WARNING,
            "the kernel's configuration is taken from a .config near it",
            "it may have changed since the kernel was built, so nothing is refused by it",
        )
