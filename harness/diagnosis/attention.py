"""How many of the literals found in a log are followed up, so that a flood of them is no denial of service.

To read a line in full costs a hundred times what it costs to find that it has a literal of some rule. Console logs
have one or two a kilobyte. Where there are far more, for long, what is rare among them still tells something, and
the ten thousandth repetition does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Hit = tuple[int, int, int]
"""The number of a literal, where it starts, where it ends."""
_BURST = 24 << 10
"""Literals that are followed up however dense they come."""
_BYTES_EACH = 1 << 9
"""Bytes of log that pay for one more."""
_RARE = 1 << 6
"""In a flood, so many of each literal are followed up all the same."""


class Attention:
    """Rations the hits by the bytes of the log, and lets the rare ones through. Its work and memory are bounded."""

    def __init__(self) -> None:
        self.passed_over = 0
        self._left = _BURST
        self._in_flood: Counter[int] = Counter()

    def ration(self, hits: list[Hit], size: int) -> list[Hit]:
        """Those hits in the next `size` bytes that are followed up: all but in a flood."""
        self._left = min(self._left + size // _BYTES_EACH, _BURST)
        if len(hits) <= self._left:
            self._left -= len(hits)
            return hits
        paid, self._left = self._left, 0
        chosen = hits[:paid] + self._rare(hits[paid:])
        self.passed_over += len(hits) - len(chosen)
        return chosen

    def _rare(self, hits: Sequence[Hit]) -> list[Hit]:
        present = {hit[0] for hit in hits}
        common = {needle for needle in present if self._in_flood[needle] >= _RARE}
        if len(common) == len(present):
            return []
        rare: list[Hit] = []
        for hit in [hit for hit in hits if hit[0] not in common]:
            if self._in_flood[hit[0]] < _RARE:
                self._in_flood[hit[0]] += 1
                rare.append(hit)
        return rare
