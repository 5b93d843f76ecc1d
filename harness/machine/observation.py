"""What a machine shows of a guest that says nothing any more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Observation:
    """`registers` has one list a look, with the text of each CPU in it. `memory` are private dumps of RAM, the
    observer's to delete; `truncated` tells that there is more RAM than was dumped. `screen` is a PNG of the display
    (the observer's, too), where the machine has one.
    """

    registers: tuple[tuple[str, ...], ...]
    memory: tuple[Path, ...] = ()
    truncated: bool = False
    screen: Path | None = None
