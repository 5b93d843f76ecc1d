"""`bootmatrix diagnose LOG...`: what console logs tell, of any machine."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from harness.boot.expected import expecting
from harness.diagnosis.diagnoser import Diagnoser
from harness.diagnosis.diagnosis import Diagnosis
from harness.errors import InputError, Where
from harness.plan.cells import plan
from harness.plan.target import Target
from harness.report.diagnosis import as_json as json_of
from harness.report.diagnosis import as_text
from harness.report.text import NAME, clean

_PIECE = 1 << 20
"""Bytes of a log that are in memory at once."""


def diagnose(
    logs: Sequence[str], *, target: str | None = None, matrix: Path | None = None, as_json: bool = False
) -> int:
    """Print what each log tells. Raises InputError for what cannot be read, after the others were told."""
    machine = _target(target, matrix) if target is not None else None
    unread: InputError | None = None
    for place, log in enumerate(logs):
        try:
            found = _read(log)
        except InputError as problem:
            print(f"bootmatrix: {clean(str(problem), NAME * 4)}", file=sys.stderr)
            unread = problem
            continue
        _show(log, expecting(found, machine) if machine else found, as_json=as_json, first=place == 0)
    if unread:
        raise InputError("not all logs could be read", hint="the others are told of above")
    return 0


def _show(log: str, found: Diagnosis, *, as_json: bool, first: bool) -> None:
    if as_json:
        print(json.dumps(json_of(log, found)), flush=True)
    else:
        print(("" if first else "\n") + as_text(clean(log, NAME), found), flush=True)


def _read(log: str) -> Diagnosis:
    diagnoser = Diagnoser()
    try:
        if log == "-":
            _feed(diagnoser, sys.stdin.buffer)
        else:
            with Path(log).open("rb") as file:
                _feed(diagnoser, file)
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise InputError(f"the log cannot be read: {why}", where=Where(log)) from None
    return diagnoser.finish()


def _feed(diagnoser: Diagnoser, file: BinaryIO) -> None:
    for piece in _pieces(file):
        diagnoser.feed(piece)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := os.read(file.fileno(), _PIECE):
        yield piece


def _target(name: str, matrix: Path | None) -> Target:
    return plan(matrix).catalog.target(name)
