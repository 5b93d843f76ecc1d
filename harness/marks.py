"""The marks that our inits print through the kernel's log: one line a step, never split by other text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NEEDLE = "bootmatrix: step="
_MARK = re.compile(
    r"^(?:<\d+>)?(?:\[[ \d.]+\](?:\[[^\]\n]*\])? ?)?bootmatrix: step=(?P<name>[a-z0-9:._-]+) status=(?P<status>\d{1,5})"
    r"(?P<rest>(?: [a-z0-9-]+=[^ \n]*)*) *$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One step of the guest's init: its exit status and what it reported (`up`: guest seconds since its boot)."""

    name: str
    status: int
    fields: dict[str, str]
    line: str
    offset: int


def marks_in(text: str) -> Iterator[Mark]:
    """The marks in a block of lines, in order; `offset` is the mark's place in `text`."""
    if NEEDLE not in text:
        return
    for found in _MARK.finditer(text):
        fields = dict(word.split("=", 1) for word in found["rest"].split(" ")[1:])
        yield Mark(found["name"], int(found["status"]), fields, found.group().strip(), found.start())
