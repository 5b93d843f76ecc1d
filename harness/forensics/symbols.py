"""Addresses of a kernel by name: its System.map, and the offset at which it really runs (KASLR).

The offset is the kernel's own word, in the note that it leaves in memory for crash dumps (Documentation/admin-guide/
kdump/vmcoreinfo.rst). Where there is no note and the log does not say `nokaslr`, nothing is claimed.
"""

from __future__ import annotations

import bisect
import re
from pathlib import Path

from harness.forensics.printk import Memory

_NOTE = b"VMCOREINFO\0"
_NOTE_BYTES = 8192
_OFFSET = re.compile(rb"^KERNELOFFSET=([0-9a-f]{1,16})$", re.MULTILINE)
_LINE = re.compile(r"([0-9a-f]{8,16}) ([a-zA-Z]) (\S+)")
_MOST = 64 << 20  # bytes of a System.map; a large kernel's has 8 MB
_FARTHEST = 1 << 20  # bytes behind a symbol that still belong to it


class SystemMap:
    """Text symbols in the order of their addresses."""

    def __init__(self, text: str) -> None:
        found = (match for line in text.splitlines() if (match := _LINE.match(line)) and match[2] in "tTwW")
        symbols = sorted((int(match[1], 16), match[3]) for match in found)
        self._addresses = [address for address, _ in symbols]
        self._names = [name for _, name in symbols]

    @classmethod
    def read(cls, path: Path) -> SystemMap | None:
        """None for one that cannot be read, or that holds no symbols: Debian's packages have a stub."""
        try:
            with path.open("rb") as file:
                found = cls(file.read(_MOST).decode("utf-8", "replace"))
        except OSError:
            return None
        return found if len(found._addresses) > 1 else None

    def name(self, address: int, offset: int) -> str | None:
        """`function+0x1c` for an address of the running kernel; None where it is none of the kernel's."""
        address -= offset
        place = bisect.bisect_right(self._addresses, address) - 1
        if place < 0 or address - self._addresses[place] > _FARTHEST:
            return None
        return f"{self._names[place]}+{address - self._addresses[place]:#x}"


def kernel_offset(memory: Memory, log: list[str]) -> int | None:
    """How far the running kernel is from its System.map; None where that is not known."""
    at = memory.find(_NOTE)
    while at >= 0:
        found = _OFFSET.search(memory[at : at + _NOTE_BYTES])
        if found:
            return int(found[1], 16)
        at = memory.find(_NOTE, at + 1)
    return 0 if any("nokaslr" in line.split() for line in log if "ommand line:" in line) else None
