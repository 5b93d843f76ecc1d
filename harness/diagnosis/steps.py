"""The steps that our own inits tell of, as a case has them on its console."""

from __future__ import annotations

import re

from harness.diagnosis.case import Case
from harness.marks import Mark, marks_in

_CONTAINERS = re.compile(r"(?:service|onboot|onshutdown|volume):|containerd$|docker")


def is_of_containers(step: Mark) -> bool:
    """Whether it is a container that was to run."""
    return _CONTAINERS.match(step.name) is not None


def failed_steps(case: Case) -> list[Mark]:
    """Every step that reported a failure, in order; `ready` counts those before it and is none of its own."""
    marks = (mark for line in case.lines for mark in marks_in(line))
    return [mark for mark in marks if mark.status and mark.name != "ready"]


def first_failed(case: Case) -> tuple[str, ...]:
    """The line of the first of them, as evidence."""
    return tuple(step.line for step in failed_steps(case)[:1])
