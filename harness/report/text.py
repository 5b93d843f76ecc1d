"""Make text of a guest's, or anybody's, fit to be shown and stored: one function, used at every door.

A console line can carry escape sequences that rewrite a terminal, bidirectional overrides that reorder what is read,
bytes that no XML parser accepts, or no end. Here all of that becomes visible, inert and bounded.
"""

from __future__ import annotations

import unicodedata

NAME = 200
"""Characters of a name (cell, target, milestone)."""
LINE = 500
"""Characters of one console line."""
SENTENCE = 1000
"""Characters of a cause."""
COMMAND = 32_768
"""Characters of a command line; a QEMU command with its JSON devices is about 2,000."""

_CUT = "…"


def clean(text: str | bytes, limit: int = LINE) -> str:
    r"""`text` as one line of printable characters, at most `limit` of them.

    Bytes are read as UTF-8. Every control, format (bidirectional, zero-width), surrogate, unassigned and private
    character, every separator but the space and every byte that is not UTF-8 becomes a visible escape (`\x1b`,
    `\u202e`); a tab becomes a space. What is too long ends in `…`. Cleaning twice changes nothing, so records may be
    cleaned when they are made and again when they are read.
    """
    if isinstance(text, bytes):
        text = text[: 4 * (limit + 1)].decode("utf-8", "backslashreplace")
    # Cut before and after: an endless line is not worth escaping, and escapes make it longer again.
    text = text[: limit + 1]
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escape(char) for char in text)
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + _CUT


def width(text: str) -> int:
    """Columns that cleaned `text` takes in a terminal: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def fit(text: str, columns: int) -> str:
    """Cleaned `text` cut to at most `columns` columns of a terminal, with `…` where something is missing."""
    if width(text) <= columns:
        return text
    kept: list[str] = []
    room = columns - 1
    for char in text:
        room -= _columns(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + _CUT if columns > 0 else ""


def _escape(char: str) -> str:
    if char == "\t":
        return " "
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
