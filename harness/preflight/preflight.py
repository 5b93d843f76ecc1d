"""Everything that can be told of a boot before it starts. Pure: facts in, findings out.

A check is a file in `checks/` with a function `check(facts)`; it needs no mention anywhere. One that has `ALWAYS` also
runs where the kernel's configuration is unknown.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache

import harness.preflight.checks
from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level

Check = Callable[[Facts], Iterable[Finding]]


def preflight(facts: Facts) -> tuple[Finding, ...]:
    """Errors first, each symbol once: by the first check that names it, or by the first to which it is an error."""
    found: dict[str, Finding] = {}
    for check, always in _checks():
        if not always and facts.config is None:
            continue
        for finding in check(facts):
            key = finding.symbol or str(finding)
            if key not in found or (finding.level is Level.ERROR and found[key].level is Level.WARNING):
                found[key] = finding
    return tuple(sorted(found.values(), key=lambda finding: finding.level is not Level.ERROR))


@cache
def _checks() -> tuple[tuple[Check, bool], ...]:
    """The checks of the folder, by name."""
    modules = [
        importlib.import_module(f"{harness.preflight.checks.__name__}.{info.name}")
        for info in sorted(pkgutil.iter_modules(harness.preflight.checks.__path__), key=lambda info: info.name)
    ]
    return tuple((module.check, getattr(module, "ALWAYS", False)) for module in modules)
