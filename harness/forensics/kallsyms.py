"""The kernel's own table of symbols (kallsyms), read where it lies: in guest memory, or in an unpacked image.

No address has to be known: the table of tokens, with the index that belongs to it, is found by its shape, and the
others stand around it (scripts/kallsyms.c of Linux 4.20 and later; their order changed in 6.5). In memory the base of
all addresses is the running kernel's own, so that a kernel that moved itself (KASLR) needs no offset.
"""

from __future__ import annotations

import bisect
import struct
import sys
from array import array
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
_MOST_TABLES = 4  # of tokens with their index: the kernel's own, and copies of its image
_MOST_ROWS = 64  # of numbers before the tokens that may be the markers
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
            at = min(_behind(self.data, at), len(self.data) - 2)  # a guest's memory may hold anything
        return at

    def name(self, number: int) -> str:
        """Type and name, as in /proc/kallsyms."""
        at = self.place_of(number)
        size, start = _length(self.data, at)
        return self.text(start, size)

    def text(self, start: int, size: int) -> str:
        """A packed name."""
        return b"".join(self.tokens[byte] for byte in self.data[start : start + size]).decode("ascii", "replace")


class Kallsyms:
    """Symbols in the order of their addresses; a name is unpacked when it is asked for."""

    def __init__(self, addresses: list[int], tables: _Tables) -> None:
        self._addresses = addresses
        self._tables = tables

    @classmethod
    def find(cls, memory: Memory, *, word: int, order: Order = "little", runs: bool = True) -> Kallsyms | None:
        """The table in `memory`; None where there is none. `word`: bytes of the guest's `unsigned long`.

        `runs`: it is that of a kernel that runs. In a file the base may be 0 still: addresses count from its begin.
        """
        for data, tokens_at, tokens, index_end in _token_tables(memory, order, word):
            for tables in _names_before(data, tokens_at, tokens, order, word):
                addresses = _addresses(tables, index_end, word, runs=runs)
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

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Address and name of every symbol."""
        at = self._tables.names
        for address in self._addresses:
            size, start = _length(self._tables.data, at)
            yield address, self._tables.text(start, size)[1:]
            at = min(start + size, len(self._tables.data) - 2)


def _token_tables(memory: Memory, order: Order, word: int) -> Iterator[tuple[bytes, int, tuple[bytes, ...], int]]:
    """Tables of tokens whose index is there: the bytes around, where it begins, its tokens, where the index ends."""
    found, tables = memory.find(_DIGITS), _MOST_TABLES
    for _ in range(_MOST_CANDIDATES):
        if found < 0 or not tables:
            return
        for start in _token_starts(memory, found, word):
            tokens = tuple(memory[start : start + _TOKEN_BYTES].split(b"\0", _TOKENS)[:_TOKENS])
            if len(tokens) < _TOKENS:
                continue
            places = [0, *accumulate(len(token) + 1 for token in tokens)]
            index = struct.pack(f"{_mark(order)}{_TOKENS}H", *(place & 0xFFFF for place in places[:_TOKENS]))
            end = _aligned(start + places[-1], word) + len(index)
            if memory[end - len(index) : end] == index:
                begin = max(start - _NAMES, start % word)  # what is aligned in memory is so in what is cut out of it
                yield memory[begin : end + 4 * _MOST + 32], start - begin, tokens, end - begin
                tables -= 1
        found = memory.find(_DIGITS, found + 1)


def _token_starts(memory: Memory, digits: int, word: int) -> Iterator[int]:
    """Where the table may begin in which the digits stand at `digits`: before them are 48 tokens, and it is aligned."""
    parts = memory[max(digits - _TOKEN_BYTES, 0) : digits].split(b"\0")[-ord("0") - 1 :]
    if len(parts) <= ord("0") or parts[-1]:
        return
    # Nothing parts the first token from the bytes before it, where those do not end in a zero.
    earliest = digits - sum(len(part) + 1 for part in parts[:-1])
    yield from range(_aligned(earliest, word), earliest + len(parts[0]), word)


def _names_before(data: bytes, tokens_at: int, tokens: tuple[bytes, ...], order: Order, word: int) -> Iterator[_Tables]:
    """The names that these tokens are for: a row of markers, and before it what they point into."""
    mark = _mark(order)
    words = array("I", data[tokens_at % 4 : tokens_at])
    if order != sys.byteorder:
        words.byteswap()
    at, rows = len(words) - 2, _MOST_ROWS
    while at >= 0 and rows:
        # The first marker is 0; the next ones are as far apart as 256 names are long.
        if words[at] == 0 and _is_step(words[at + 1]):
            rows -= 1
            end = at + 1
            while end + 1 < len(words) and _is_step(words[end + 1] - words[end]):
                end += 1
            markers = tuple(words[at : end + 1])
            place = tokens_at % 4 + 4 * at
            for names, count in _starts(data, place, markers, mark, word):
                yield _Tables(data, order, tokens, markers, names, count)
        at -= 1


def _starts(data: bytes, end: int, markers: tuple[int, ...], mark: str, word: int) -> Iterator[tuple[int, int]]:
    """Where the names begin that end at `end`, and how many they are: the number stands before them."""
    nearest = end - markers[-1] - -markers[-1] % 4  # the markers are aligned, and so is the first name
    for gap in range(0, _STRIDE * 128, 4):
        start = nearest - gap
        if start < word:
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


def _addresses(tables: _Tables, index_end: int, word: int, *, runs: bool) -> list[int]:
    """Of all symbols; empty where they make no sense. They stand before the names; since Linux 6.5 behind the index."""
    size = _aligned(4 * tables.count, word)
    base_at = tables.names - 2 * word  # between it and the names is their number
    first = _aligned(index_end, word)
    for offsets_at, at in ((base_at - size, base_at), (first, first + size)):
        if addresses := _read(tables, offsets_at, at, word, runs=runs):
            return addresses
    return []


def _read(tables: _Tables, offsets_at: int, base_at: int, word: int, *, runs: bool) -> list[int]:
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
    return addresses if (base or not runs) and is_sorted and addresses[0] != addresses[-1] else []


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
