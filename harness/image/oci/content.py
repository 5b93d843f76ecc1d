"""Contents that lie in a file of the store or of a layout, and are hashed each time they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import InputError
from harness.image.entries import Content, Slice


@dataclass(frozen=True, slots=True)
class Checked:
    """`size` bytes of a file from `offset` on, whose SHA-256 is known."""

    path: Path
    offset: int
    size: int
    sha256: str
    sha1: str = field(default="", compare=False)  # where it is known already
    _seen: list[bool] = field(default_factory=list, compare=False, repr=False)  # of its parts: sound as a whole

    def chunks(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for block in Slice(self.path, self.offset, self.size).chunks():
            digest.update(block)
            yield block
        if digest.hexdigest() != self.sha256:
            raise InputError(
                f"{self.path}: its {self.size} bytes from byte {self.offset} on are damaged or were altered",
                hint="remove the folder it lies in and run again",
            )

    def check(self) -> None:
        """Read it once to its end, and not again."""
        if not self._seen:
            for _ in self.chunks():
                pass
            self._seen.append(True)

    def part(self, offset: int, size: int) -> Content:
        return _Part(self, offset, size)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a content: the hash is the whole's, so the whole is read before the first part is given."""

    whole: Checked
    offset: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        self.whole.check()
        yield from Slice(self.whole.path, self.whole.offset + self.offset, self.size).chunks()

    def part(self, offset: int, size: int) -> Content:
        return _Part(self.whole, self.offset + offset, size)
