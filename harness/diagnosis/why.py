"""Why a boot failed: the surest rule of `causes/` that knows. Pure: a case in, a cause out.

A family of causes is one file in `causes/`; every `Explanation` in it is found without a list of them.
"""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import harness.diagnosis.causes as folder
from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Explanation

RULE_BROKEN = "rule-broken"
"""The cause of a case that no rule knows, where one of them raised: it might have known."""


def cause_of(case: Case, rules: Sequence[Explanation] | None = None) -> Cause | None:
    """None where nothing is known beyond the decisive line. Each line of the evidence stands there once.

    A rule that raises is passed over, for the next may know the cause; it is named in `broken`.
    """
    broken: list[str] = []
    for rule in explanations() if rules is None else rules:
        try:
            cause = rule(case)
        except Exception as problem:
            broken.append(f"{rule.name}: {type(problem).__name__}: {problem} ({_place(problem)})")
            continue
        if cause:
            evidence = tuple(dict.fromkeys(line for line in cause.evidence if line))
            return replace(cause, evidence=evidence, broken=tuple(broken))
    if not broken:
        return None
    text = "no rule knows why, and a rule of bootmatrix that was asked is broken itself"
    return Cause(
        RULE_BROKEN, text, (case.line,) if case.line else (), "report it, with this run's folder", tuple(broken)
    )


def _place(problem: Exception) -> str:
    """Where it was raised."""
    frame = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


@cache
def explanations() -> tuple[Explanation, ...]:
    """All rules, the surest first; within a weight by file, and in a file as they stand there."""
    rules: list[Explanation] = []
    for module in sorted(pkgutil.iter_modules(folder.__path__), key=lambda found: found.name):
        members = vars(importlib.import_module(f"{folder.__name__}.{module.name}")).values()
        rules += [member for member in members if isinstance(member, Explanation)]
    return tuple(sorted(rules, key=lambda rule: rule.weight))
