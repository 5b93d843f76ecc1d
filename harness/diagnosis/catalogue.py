"""All rules there are: every `RULES` of every file in `rules/`, the most severe first."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import harness.diagnosis.rules as folder
from harness.diagnosis.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """The rules in the order in which they are tried on one line; within a severity, as their file has them."""
    rules: list[Rule] = []
    for module in sorted(pkgutil.iter_modules(folder.__path__), key=lambda found: found.name):
        rules += importlib.import_module(f"{folder.__name__}.{module.name}").RULES
    return tuple(sorted(rules, key=lambda rule: rule.severity))
