"""Why a boot failed: the surest rule of `causes/` that knows. Pure: a case in, a cause out.

A family of causes is one file in `causes/`; every `Explanation` in it is found without a list of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from functools import cache

import harness.diagnosis.causes as folder
from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Explanation


def cause_of(case: Case) -> Cause | None:
    """None where nothing is known beyond the decisive line. Each line of the evidence stands there once."""
    cause = next((cause for rule in explanations() if (cause := rule(case))), None)
    return replace(cause, evidence=tuple(dict.fromkeys(line for line in cause.evidence if line))) if cause else None


@cache
def explanations() -> tuple[Explanation, ...]:
    """All rules, the surest first; within a weight by file, and in a file as they stand there."""
    rules: list[Explanation] = []
    for module in sorted(pkgutil.iter_modules(folder.__path__), key=lambda found: found.name):
        members = vars(importlib.import_module(f"{folder.__name__}.{module.name}")).values()
        rules += [member for member in members if isinstance(member, Explanation)]
    return tuple(sorted(rules, key=lambda rule: rule.weight))
