"""The kernel's log out of guest memory: what a kernel said that no console showed.

Since Linux 5.10 the text ring (kernel/printk/printk_ringbuffer.c, struct prb_data_block) holds one block a record: an
`unsigned long` with the record's id, then its text, padded to the size of a long. Ids count up by one, so the blocks
of a log are found one behind the other without symbols, structures or the place at which the kernel lies in memory.
Times and levels stand elsewhere and are not read. Older kernels have another layout, in which nothing is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

HEAD = b"Linux version "  # every kernel's first words, or its first but one on Arm
FIRST_ON_ARM = b"Booting Linux on physical CPU "
LONGEST = 2048  # bytes between two blocks: LOG_LINE_MAX is 1024, a continued line may be longer
MOST_RECORDS = 20_000
MOST_STARTS = 512  # places that hold the first words: the banner's own, copies in a page cache, ...
Order = Literal["little", "big"]


class Memory(Protocol):
    """Bytes that can be searched: `bytes`, or `mmap.mmap` of a dump."""

    def find(self, wanted: bytes, start: int = ..., /) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...

    def __len__(self) -> int: ...


def kernel_log(memory: Memory, *, word: int, order: Order = "little") -> list[str]:
    """The records of the longest log that lies in `memory`, oldest first; empty where there is none.

    `word` is the size of the guest's `unsigned long` in bytes, `order` its byte order.
    """
    found: list[str] = []
    for start in _starts(memory, word):
        log = _walk(memory, start, word, order)
        if len(log) > len(found):
            found = log
    return found if len(found) > 1 else []


def _starts(memory: Memory, word: int) -> Iterator[int]:
    for first in (FIRST_ON_ARM, HEAD):
        at = memory.find(first)
        for _ in range(MOST_STARTS):
            if at < 0:
                break
            if at >= word and at % word == 0:
                yield at
            at = memory.find(first, at + 1)


def _walk(memory: Memory, at: int, word: int, order: Order) -> list[str]:
    """The texts of consecutive blocks, from the one whose text begins at `at`."""
    records: list[str] = []
    most = 1 << (8 * word - 2)  # the two upper bits of an id hold the descriptor's state
    number = int.from_bytes(memory[at - word : at], order)
    if not 0 < number < most:
        return []
    while len(records) < MOST_RECORDS:
        number = (number + 1) % most
        window = memory[at : at + LONGEST]
        following = _aligned(window, number.to_bytes(word, order), word)
        if following < 0:
            return [*records, _text(window)]
        records.append(_text(window[:following]))
        at += following + word
    return records


def _aligned(window: bytes, wanted: bytes, word: int) -> int:
    at = window.find(wanted)
    while at >= 0 and at % word:
        at = window.find(wanted, at + 1)
    return at


def _text(block: bytes) -> str:
    """Up to the padding; whoever shows it cleans it.

    printk cuts the line end by its length alone, and moves the text over its level of two bytes: the line end and the
    last two bytes once more are left behind it (printk_sprint). Of a continued line it is its mark.
    """
    text = block.split(b"\0", 1)[0].split(b"\x01", 1)[0]
    if text.endswith(b"\n"):
        text = text[:-1]
        if len(text) > 3 and text[-2:] == text[-4:-2]:
            text = text[:-2]
    return text.decode("utf-8", "replace")
