"""The steps that our own inits tell of, as a case has them on its console."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.diagnosis.case import Case

_MARK = (
    r"bootmatrix: step=(?P<name>[a-z0-9:._-]{1,80}) status=(?P<status>\d{1,5})(?P<rest>(?: [a-z0-9-]+=\S{0,200}){0,12})"
)
_CONTAINERS = re.compile(r"(?:service|onboot|onshutdown|volume):|containerd$|docker")


@dataclass(frozen=True, slots=True)
class Step:
    """One step that failed: `line` as it stands in the case's lines."""

    name: str
    status: int
    fields: Mapping[str, str]
    line: str

    @property
    def is_of_containers(self) -> bool:
        """Whether it is a container that was to run."""
        return _CONTAINERS.match(self.name) is not None


def failed_steps(case: Case) -> list[Step]:
    """Every step that reported a failure, in order; `ready` counts those before it and is none of its own."""
    found = []
    for mark in case.all_said(_MARK):
        if int(mark["status"]) and mark["name"] != "ready":
            fields = dict(word.split("=", 1) for word in mark["rest"].split())
            found.append(Step(mark["name"], int(mark["status"]), fields, mark.string))
    return found


def first_failed(case: Case) -> tuple[str, ...]:
    """The line of the first of them, as evidence."""
    return tuple(step.line for step in failed_steps(case)[:1])
