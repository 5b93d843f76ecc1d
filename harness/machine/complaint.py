"""What another program complained of, as part of a message of ours."""

from __future__ import annotations


def complaint(raw: bytes, *, limit: int = 500) -> str:
    """The last `limit` characters on one line, with nothing in it that a terminal would act upon."""
    lines = (" ".join(line.split()) for line in raw.decode("utf-8", "replace").split("\n"))
    text = "; ".join(line for line in lines if line)
    return "".join(char if char.isprintable() else "?" for char in text[-limit:])
