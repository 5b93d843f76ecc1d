"""How many of the lines that a rule might know are read in full, so that a flood of them is no denial of service.

To read a line costs a thousand times what it costs to pass it over. No console prints, for long, a line that sounds
like a failure every few hundred bytes; where one does, what is rare in it still tells something, and its ten
thousandth repetition does not.
"""

from __future__ import annotations

_BURST = 1 << 15
"""Lines that are read in full however dense they come."""
_BYTES_A_LINE = 1 << 10
"""Bytes of log that pay for one line more."""
_RARE = 1 << 8
"""A literal that stood in fewer lines than this is read in full always."""
_COMBINATIONS = 1 << 12
"""Combinations of literals that are remembered as common."""


class Attention:
    """Rations the lines by the bytes of the log, and lets the rare ones through. Its work and memory are bounded."""

    def __init__(self, needles: int) -> None:
        self.passed_over = 0
        self._left = _BURST
        self._seen = [0] * needles
        self._common: set[tuple[int, ...]] = set()

    def earn(self, size: int) -> None:
        """`size` bytes more of the log are in hand."""
        self._left = min(self._left + size // _BYTES_A_LINE, _BURST)

    def deserves(self, needles: tuple[int, ...]) -> bool:
        """Whether a line is to be read that has these literals (their numbers, each once)."""
        if self._left > 0:
            self._left -= 1
        elif needles in self._common or not self._is_rare(needles):
            self.passed_over += 1
            return False
        for needle in needles:
            self._seen[needle] += 1
        return True

    def _is_rare(self, needles: tuple[int, ...]) -> bool:
        if any(self._seen[needle] < _RARE for needle in needles):
            return True
        if len(self._common) >= _COMBINATIONS:
            self._common.clear()
        self._common.add(needles)
        return False
