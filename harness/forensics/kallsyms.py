"""The kernel's own table of symbols (kallsyms), read where it lies: in guest memory, or in an unpacked image.

No address has to be known: the table of tokens, with the index that belongs to it, is found by its shape, and the
others stand around it (scripts/kallsyms.c of Linux 4.20 and later; their order changed in 6.5). In memory the base of
all addresses is the running kernel's own, so that a kernel that moved itself (KASLR) needs no offset.
"""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

from harness.forensics.printk import Memory

# Every kernel has names with digits, and so each digit is a token of its own, of the number of its character.
_DIGITS = b"".join(b"%d\0" % digit for digit in range(10))
_TOKENS = 256
_TOKEN_BYTES = 8192  # of the table of tokens; Linux has about 1,000
_STRIDE = 256  # symbols from one marker to the next
_NAMES = 16 << 20  # bytes of names and markers before the tokens; a distribution's kernel has 3 MB
_MOST = 1 << 20  # symbols
_MOST_CANDIDATES = 64  # places with the digits in a row
_FARTHEST = 1 << 20  # bytes behind a symbol that still belong to it
_TEXT = "tTwW"
_ENDS = ("_etext", "_einittext")  # behind them is no code
Order = Literal["little", "big"]


@dataclass(frozen=True, slots=True)
class _Tables:
    """Where things are in `data`, and how they are written."""

    data: bytes
    order: Order
    tokens: tuple[bytes, ...]
    markers: tuple[int, ...]
    names: int
    count: int

    def place_of(self, number: int) -> int:
        """Where the name of a symbol begins."""
        at = self.names + self.markers[number // _STRIDE]
        for _ in range(number % _STRIDE):
            at = _behind(self.data, at)
        return at

    def name(self, number: int) -> str:
        """Type and name, as in /proc/kallsyms."""
        at = self.place_of(number)
        size, start = _length(self.data, at)
        return b"".join(self.tokens[byte] for byte in self.data[start : start + size]).decode("ascii", "replace")


class Kallsyms:
    """Symbols in the order of their addresses; a name is unpacked when it is asked for."""

    def __init__(self, addresses: list[int], tables: _Tables) -> None:
        self._addresses = addresses
        self._tables = tables

    @classmethod
    def find(cls, memory: Memory, *, word: int, order: Order = "little") -> Kallsyms | None:
        """The table in `memory`; None where there is none. `word`: bytes of the guest's `unsigned long`."""
        for data, tokens_at, tokens, index_end in _token_tables(memory, order):
            for tables in _names_before(data, tokens_at, tokens, order, word):
                addresses = _addresses(tables, index_end, word)
                if addresses:
                    return cls(addresses, tables)
        return None

    def name(self, address: int) -> str | None:
        """`function+0x1c` for an address of the running kernel; None where it is no code of the kernel's."""
        place = bisect.bisect_right(self._addresses, address) - 1
        # Of several names of one place the first that is code: section marks stand among them.
        while place >= 0 and address - self._addresses[place] <= _FARTHEST:
            name = self._tables.name(place)
            if name[1:] in _ENDS:
                return None
            if name[:1] in _TEXT:
                return f"{name[1:]}+{address - self._addresses[place]:#x}"
            place -= 1
        return None

    def __len__(self) -> int:
        return len(self._addresses)


def _token_tables(memory: Memory, order: Order) -> Iterator[tuple[bytes, int, tuple[bytes, ...], int]]:
    """Tables of tokens whose index is there: the bytes around, where it begins, its tokens, where the index ends."""
    found = memory.find(_DIGITS)
    for _ in range(_MOST_CANDIDATES):
        if found < 0:
            return
        head = memory[max(found - _TOKEN_BYTES, 0) : found]
        parts = head.split(b"\0")
        if len(parts) > ord("0") + 1 and not parts[-1]:
            size = sum(len(part) + 1 for part in parts[-ord("0") - 1 : -1])
            start = found - size
            # Alignment puts zeros before the first token, which is not empty itself.
            rest = memory[start : start + _TOKEN_BYTES].split(b"\0", _TOKENS)
            tokens = tuple(rest[:_TOKENS])
            if len(rest) > _TOKENS and all(tokens[ord("0") : ord("9") + 1]):
                offsets = [0, *accumulate(len(token) + 1 for token in tokens)]
                index = struct.pack(f"{_mark(order)}{_TOKENS}H", *(place & 0xFFFF for place in offsets[:_TOKENS]))
                behind = memory[start + offsets[-1] : start + offsets[-1] + 16 + len(index)]
                gap = behind.find(index)
                if gap >= 0:
                    end = start + offsets[-1] + gap + len(index)
                    begin = max(start - _NAMES, start % 8)  # what is aligned in memory is so in what is cut out of it
                    data = memory[begin : end + 4 * _MOST + 32]
                    yield data, start - begin, tokens, end - begin
        found = memory.find(_DIGITS, found + 1)


def _names_before(data: bytes, tokens_at: int, tokens: tuple[bytes, ...], order: Order, word: int) -> Iterator[_Tables]:
    """The names that these tokens are for: a row of markers, and before it what they point into."""
    mark = _mark(order)
    words = struct.unpack(f"{mark}{tokens_at // 4}I", data[tokens_at % 4 : tokens_at])
    at = len(words) - 2
    while at >= 0:
        # The first marker is 0; the next ones are as far apart as 256 names are long.
        if words[at] == 0 and _is_step(words[at + 1]):
            end = at + 1
            while end + 1 < len(words) and _is_step(words[end + 1] - words[end]):
                end += 1
            markers = words[at : end + 1]
            place = tokens_at % 4 + 4 * at
            for names, count in _starts(data, place, markers, mark, word):
                yield _Tables(data, order, tokens, markers, names, count)
        at -= 1


def _starts(data: bytes, end: int, markers: tuple[int, ...], mark: str, word: int) -> Iterator[tuple[int, int]]:
    """Where the names begin that end at `end`, and how many they are: the number stands before them."""
    nearest = end - markers[-1] - -markers[-1] % 4  # the markers are aligned, and so is the first name
    for gap in range(0, _STRIDE * 128, 4):
        start = nearest - gap
        if start < 2 * word:
            return
        (count,) = struct.unpack_from(f"{mark}I", data, start - word)
        if (len(markers) - 1) * _STRIDE < count <= len(markers) * _STRIDE and _fits(data, start, markers):
            yield start, count
            return


def _fits(data: bytes, start: int, markers: tuple[int, ...]) -> bool:
    """Whether 256 names lie between the first two markers, and between the last two."""
    for here, there in (markers[:2], markers[-2:]):
        at = start + here
        for _ in range(_STRIDE):
            if at >= len(data) - 2:
                return False
            at = _behind(data, at)
        if at != start + there:
            return False
    return True


def _addresses(tables: _Tables, index_end: int, word: int) -> list[int]:
    """Of all symbols; empty where they make no sense. They stand before the names; since Linux 6.5 behind the index."""
    size = _aligned(4 * tables.count, word)
    base_at = tables.names - 2 * word  # between it and the names is their number
    first = _aligned(index_end, word)
    return _read(tables, base_at - size, base_at, word) or _read(tables, first, first + size, word)


def _read(tables: _Tables, offsets_at: int, base_at: int, word: int) -> list[int]:
    count, data, mark = tables.count, tables.data, _mark(tables.order)
    if offsets_at < 0 or base_at + word > len(data):
        return []
    (base,) = struct.unpack_from(mark + ("Q" if word == 8 else "I"), data, base_at)
    offsets = struct.unpack_from(f"{mark}{count}i", data, offsets_at)
    most = (1 << 8 * word) - 1
    if sum(offset < 0 for offset in offsets) * 2 > count:
        # With CONFIG_KALLSYMS_ABSOLUTE_PERCPU what is not negative is an offset of per-CPU data.
        addresses = [(base - 1 - offset) & most if offset < 0 else 0 for offset in offsets]
    else:
        addresses = [(base + (offset & 0xFFFFFFFF)) & most for offset in offsets]
    is_sorted = all(here <= there for here, there in pairwise(addresses))
    return addresses if base and is_sorted and addresses[0] != addresses[-1] else []


def _aligned(place: int, word: int) -> int:
    return place + -place % word


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Bytes of the name at a place, and where they begin: ULEB128, of at most two bytes, since Linux 6.1."""
    size = data[at]
    return (size, at + 1) if size < 0x80 else (size & 0x7F | data[at + 1] << 7, at + 2)


def _behind(data: bytes, at: int) -> int:
    size, start = _length(data, at)
    return start + size


def _is_step(size: int) -> bool:
    return _STRIDE * 2 <= size <= _STRIDE * 128


def _mark(order: Order) -> str:
    return "<" if order == "little" else ">"
