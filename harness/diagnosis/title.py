"""Titles from templates: `{name}` is a group of the pattern or a fact of the trace; `[...]` goes where unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping

_OPTIONAL = re.compile(r"\[([^\[\]{}]*\{(\w+)\}[^\[\]{}]*)\]")
_NAME = re.compile(r"\{(\w+)\}")


def fill(template: str, facts: Mapping[str, str]) -> str:
    """The title; a name that is unknown outside of brackets becomes nothing."""
    text = _OPTIONAL.sub(lambda part: part[1] if facts.get(part[2]) else "", template)
    return " ".join(_NAME.sub(lambda name: facts.get(name[1], ""), text).split())
