"""A plugin of pytest that takes one answer of the catalogue away at a time, and sees which test misses it.

First every test is run once, and what each rule answered in it is noted. Then, for each rule and each cause that it
named, the tests that had that answer are run again without it, until one fails. What came of it goes as JSON into the
file that the environment names: `{"rule/cause": test, or null where nobody missed it}`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from harness.diagnosis import why
from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Explanation

RESULT = "BOOTMATRIX_TEST_REMOVAL"
Answer = tuple[str, str]  # the rule's name and the cause's id


def altered(change: Callable[[Explanation, Cause], Cause | None]) -> Callable[[], tuple[Explanation, ...]]:
    """The catalogue, with something done to its answers."""

    def of(rule: Explanation) -> Explanation:
        def find(case: Case) -> Cause | None:
            cause = rule.find(case)
            return change(rule, cause) if cause else None

        find.__module__, find.__name__ = rule.find.__module__, rule.find.__name__
        return replace(rule, find=find)

    rules = tuple(of(rule) for rule in why.explanations())
    return lambda: rules


def fails(item: pytest.Item) -> bool:
    """Run one test, whatever it says."""
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """In the place of the usual loop."""
    asked: dict[Answer, list[pytest.Item]] = {}
    healthy = why.explanations
    heard: set[Answer] = set()

    def note(rule: Explanation, cause: Cause) -> Cause:
        heard.add((rule.name, cause.id))
        return cause

    broken = []
    why.explanations = altered(note)  # type: ignore[assignment]
    for item in session.items:
        heard.clear()
        if fails(item):
            broken.append(item.nodeid)
        for answer in heard:
            asked.setdefault(answer, []).append(item)
    missed: dict[str, str | None] = {}
    for answer, items in asked.items():
        why.explanations = healthy
        why.explanations = altered(lambda rule, cause, gone=answer: None if (rule.name, cause.id) == gone else cause)  # type: ignore
        missed["/".join(answer)] = next((item.nodeid for item in items if fails(item)), None)
    why.explanations = healthy
    found = {"broken": broken, "missed": missed, "rules": [rule.name for rule in healthy()]}
    Path(os.environ[RESULT]).write_text(json.dumps(found))
    return True
