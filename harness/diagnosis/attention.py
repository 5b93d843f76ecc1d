"""How many of the literals found in a log are followed up, so that a flood of them is no denial of service.

To read a line in full costs a hundred times what it costs to find that it has a literal of some rule, and to find a
literal a hundred times what a byte without one costs. Console logs have one or two a kilobyte. Where there are far
more, for long, what is rare among them still tells something, and the ten thousandth repetition does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harness.diagnosis.needles import Hit, Search, end_of

_BURST = 16 << 10
"""Literals that are followed up however dense they come."""
_BYTES_EACH = 1 << 10
"""Bytes of log that pay for one more."""
_DENSE = 1 << 9
"""A block with more than one in so many bytes is dense: no console's log is for long."""
_RARE = 1 << 6
"""In a flood, so many of each literal are followed up all the same."""
_TOO_OFTEN = 8 << 10
"""A literal seen so often in dense blocks is, in blocks that are dense of it, looked for once."""
_FLOODS = 8
"""Literals of which that is known, and thrice as many sets of them that are met together: each costs a search."""


class Attention:
    """Finds the literals of a log, block by block, and rations them. Its work and memory are bounded."""

    def __init__(self, search: Search) -> None:
        self.passed_over = 0
        self._search = search
        self._left = _BURST
        self._in_flood: Counter[int] = Counter()
        self._in_dense: Counter[int] = Counter()
        self._floods: list[int] = []
        self._without: dict[frozenset[int], Search] = {}

    def hits(self, block: bytes) -> tuple[list[Hit], list[Hit] | None]:
        """Those in the next block that are to be followed up, and all there are (None: some were not looked for).

        Both in the order of their ends.
        """
        self._left = min(self._left + len(block) // _BYTES_EACH, _BURST)
        dense = len(block) // _DENSE
        often = {literal: block.count(self._search.literal(literal)) for literal in self._floods}
        flood = frozenset(literal for literal, times in often.items() if times > dense)
        search = self._search_without(flood) if flood else self._search
        found = search.in_bytes(block)
        if search is self._search:
            if len(found) > dense:
                self._learn(found)
            return self._ration(found), found
        self.passed_over += sum(often[literal] - 1 for literal in flood)
        found += (self._first(literal, block) for literal in flood)
        found.sort(key=end_of)
        return self._ration(found), None

    def _search_without(self, flood: frozenset[int]) -> Search:
        if flood not in self._without:
            if len(self._without) >= 3 * _FLOODS:
                return self._search
            self._without[flood] = self._search.without(flood)
        return self._without[flood]

    def _first(self, literal: int, block: bytes) -> Hit:
        text = self._search.literal(literal)
        place = block.find(text)
        return literal, place, place + len(text)

    def _learn(self, found: Iterable[Hit]) -> None:
        if len(self._floods) < _FLOODS:
            self._in_dense.update(hit[0] for hit in found)
            often = (literal for literal, times in self._in_dense.items() if times > _TOO_OFTEN)
            self._floods = [*self._floods, *(literal for literal in often if literal not in self._floods)][:_FLOODS]

    def _ration(self, hits: list[Hit]) -> list[Hit]:
        if len(hits) <= self._left:
            self._left -= len(hits)
            return hits
        paid, self._left = self._left, 0
        chosen = hits[:paid] + self._rare(hits[paid:])
        self.passed_over += len(hits) - len(chosen)
        return chosen

    def _rare(self, hits: list[Hit]) -> list[Hit]:
        common = {needle for needle in {hit[0] for hit in hits} if self._in_flood[needle] >= _RARE}
        rare: list[Hit] = []
        for hit in [hit for hit in hits if hit[0] not in common]:
            if self._in_flood[hit[0]] < _RARE:
                self._in_flood[hit[0]] += 1
                rare.append(hit)
        return rare
