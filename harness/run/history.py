"""How long each cell's boot took before, so that the longest starts first. Losing it costs order, nothing else."""

from __future__ import annotations

import contextlib
import json
import math
import os
from pathlib import Path

SMOOTHING = 0.5  # weight of the newest boot


class History:
    """Expected seconds by cell, kept in one small file."""

    def __init__(self, path: Path) -> None:
        """A missing or damaged file is an empty history."""
        self._path = path
        self._seconds: dict[str, float] = {}
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            seconds = {str(cell): float(value) for cell, value in known.items()}
            self._seconds = {cell: value for cell, value in seconds.items() if 0 <= value < math.inf}
        except (OSError, ValueError, AttributeError, TypeError, OverflowError, RecursionError):
            pass

    def expected(self, cell: str, otherwise: float) -> float:
        """Seconds the cell's boot will likely take."""
        return self._seconds.get(cell, otherwise)

    def took(self, cell: str, seconds: float) -> None:
        """Remember a boot."""
        before = self._seconds.get(cell, seconds)
        self._seconds[cell] = round(before + SMOOTHING * (seconds - before), 3)

    def save(self) -> None:
        """Write it in one step; a host that cannot write here only loses the hint."""
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(self._seconds, sort_keys=True), encoding="utf-8")
            temporary.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
