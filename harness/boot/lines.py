"""Console bytes as text: decoded, freed of escape sequences, cut into lines; memory stays bounded whatever comes."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_LINE = 8192  # bytes; a longer run without a line end is cut, so that nobody can fill our memory

# CSI, OSC and two-byte escape sequences (ECMA-48), and the parts of them that firmware likes to send.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]+[0-~]|[0-Z\\^-~])")
_MOVES = re.compile(r"\x1b\[[0-?]*[ -/]*[Hf]")
_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)])
_HAS_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Block:
    """The complete lines of one chunk, joined by LF, and the unfinished line behind them.

    `first` is the number of the block's first line (from 1, counted by LF), `count` how many there are.
    """

    text: str
    first: int
    count: int
    partial: str


def clean(raw: bytes) -> str:
    """Text as a person would see it: UTF-8 (bad bytes replaced), no escape sequences, no controls; CR ends go."""
    text = raw.decode("utf-8", "replace")
    if "\x1b" in text:
        # A cursor movement separates what stands at two places of the screen.
        text = _ESCAPES.sub("", _MOVES.sub(" ", text))
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", " ")
    if _HAS_CONTROLS.search(text):
        text = text.translate(_CONTROLS)
    return text


class LineAssembler:
    """Cuts a stream of chunks into blocks of whole lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._next = 1

    def feed(self, chunk: bytes) -> Block:
        """The lines that this chunk completes."""
        data = self._rest + chunk
        cut = data.rfind(b"\n") + 1
        lines, self._rest = data[:cut], data[cut:]
        count = lines.count(b"\n")
        text = clean(lines).removesuffix("\n") if lines else ""
        if len(self._rest) > LONGEST_LINE:
            text = f"{text}\n{clean(self._rest)}" if lines else clean(self._rest)
            self._rest = b""
        block = Block(text, self._next, count, clean(self._rest))
        self._next += count
        return block

    def finish(self) -> Block:
        """What is left when the stream ends: the unfinished line counts as one."""
        block = Block(clean(self._rest), self._next, 1 if self._rest else 0, "")
        self._rest = b""
        return block
