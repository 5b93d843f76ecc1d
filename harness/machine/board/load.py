"""Reads lab.yml and binds its boards to targets."""

from __future__ import annotations

from pathlib import Path

from harness.errors import InputError
from harness.machine.board.binding import BoundBoard, BoundLab
from harness.machine.board.lab import Lab
from harness.plan.catalog import Catalog
from harness.plan.validate import suggestion, validate
from harness.plan.yamlfile import load, shown

LAB_FILE = "lab.yml"


def find_lab(given: Path | None, beside: Path) -> Path | None:
    """The lab.yml in use: the one given, else the one beside matrix.yml, else none."""
    if given is not None:
        return given
    path = beside / LAB_FILE
    return path if path.exists() else None


def load_lab(path: Path | None, catalog: Catalog) -> BoundLab:
    """The boards by target. Raises InputError: wrong keys, an unknown target, two boards for one target."""
    if path is None:
        return BoundLab()
    document = load(path)
    lab = validate(Lab, document.data, document)
    bound: dict[str, BoundBoard] = {}
    for name, board in lab.boards.items():
        place = document.where(("boards", name, "target"))
        if board.target not in catalog.names:
            raise InputError(
                f"unknown target {shown(board.target)}", where=place, hint=suggestion(board.target, catalog.names)
            )
        if board.target in bound:
            other = bound[board.target].name
            raise InputError(f"{board.target} already has the board {other!r}", where=place, hint="keep one of them")
        bound[board.target] = BoundBoard(name, board, path.parent.resolve())
    return BoundLab(bound)
