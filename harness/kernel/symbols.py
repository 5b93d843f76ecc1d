"""What a kernel was configured with: its .config as a mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from harness.errors import HostError

Symbols = Mapping[str, str]  # name without CONFIG_ -> "y", "m", a number or a quoted text; what is not set is absent

_LINE = re.compile(r"\nCONFIG_(\w+)=([^\r\n]*)")  # twice as fast as with ^ and MULTILINE


def symbols_of(text: str) -> Symbols:
    """The symbols of a .config's text. Never raises: what is no assignment is left out."""
    return MappingProxyType({name: value for name, value in _LINE.findall(f"\n{text}") if value != "n"})


def read_symbols(config: Path) -> Symbols:
    """The symbols of a .config file, read once as long as it stays the same. Raises HostError."""
    try:
        status = config.stat()
        return _read(config, status.st_mtime_ns, status.st_size)
    except OSError as problem:
        raise HostError(f"{config} cannot be read: {problem.strerror}") from problem


@lru_cache(maxsize=16)
def _read(config: Path, mtime: int, size: int) -> Symbols:
    del mtime, size  # they are the key
    return symbols_of(config.read_text(encoding="utf-8", errors="replace"))


def text_of(symbols: Symbols, name: str) -> str:
    """A symbol's text without its quotes; empty where it is not set."""
    return symbols.get(name, "").removeprefix('"').removesuffix('"')
