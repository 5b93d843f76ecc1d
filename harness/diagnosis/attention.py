"""How many of the literals found in a log are followed up, so that a flood of them is no denial of service.

To read a line in full costs a hundred times what it costs to find that it has a literal of some rule. Console logs
have one or two a kilobyte. Where there are far more, for long, what is rare among them still tells something, and
the ten thousandth repetition does not.
"""

from __future__ import annotations

from collections import Counter
from operator import itemgetter

Hit = tuple[int, int, int]
"""The number of a literal, where it starts, where it ends."""
_BURST = 24 << 10
"""Literals that are followed up however dense they come."""
_BYTES_EACH = 1 << 9
"""Bytes of log that pay for one more."""
_SAME = 8 << 10
"""Of one literal, so many are followed up however dense the log is of literals."""
_BYTES_SAME = 1 << 11
"""Bytes of such a log that pay for one more of it."""
_RARE = 1 << 6
"""In a flood, so many of each literal are followed up all the same."""
_end = itemgetter(2)


class Attention:
    """Rations the hits by the bytes of the log, and lets the rare ones through. Its work and memory are bounded."""

    def __init__(self) -> None:
        self.passed_over = 0
        self._left = _BURST
        self._left_of_same = _SAME
        self._in_dense: Counter[int] = Counter()
        self._in_flood: Counter[int] = Counter()

    def ration(self, hits: list[Hit], size: int) -> list[Hit]:
        """Those hits in the next `size` bytes that are followed up: all but in a flood. All are the list given."""
        paid = size // _BYTES_EACH
        self._left = min(self._left + paid, _BURST)
        chosen = hits if len(hits) <= paid else self._without_repetitions(hits, size)
        if len(chosen) > self._left:
            chosen = chosen[: self._left] + self._rare(chosen[self._left :])
            self._left = 0
        else:
            self._left -= len(chosen)
        self.passed_over += len(hits) - len(chosen)
        return chosen

    def _without_repetitions(self, hits: list[Hit], size: int) -> list[Hit]:
        """The hits of a dense piece but for those of literals that have been followed up often enough."""
        self._left_of_same += size // _BYTES_SAME
        left = {literal: self._left_of_same - self._in_dense[literal] for literal in {hit[0] for hit in hits}}
        tight = {literal for literal, more in left.items() if more < len(hits)}
        if not tight:
            self._in_dense.update(hit[0] for hit in hits)
            return hits
        chosen = [hit for hit in hits if hit[0] not in tight] if len(tight) < len(left) else []
        room = sum(left[literal] for literal in tight)
        for hit in hits:
            if not room:
                break
            if hit[0] in tight and left[hit[0]]:
                left[hit[0]] -= 1
                room -= 1
                chosen.append(hit)
        self._in_dense.update(hit[0] for hit in chosen)
        if len(chosen) == len(hits):
            return hits
        chosen.sort(key=_end)
        return chosen

    def _rare(self, hits: list[Hit]) -> list[Hit]:
        common = {needle for needle in {hit[0] for hit in hits} if self._in_flood[needle] >= _RARE}
        rare: list[Hit] = []
        for hit in [hit for hit in hits if hit[0] not in common]:
            if self._in_flood[hit[0]] < _RARE:
                self._in_flood[hit[0]] += 1
                rare.append(hit)
        return rare
