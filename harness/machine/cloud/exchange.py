"""What a metadata service is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` by name in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status of HTTP, and a body."""

    status: int
    body: str = ""
    kind: str = "text/plain"


NOT_FOUND = Answer(404)
