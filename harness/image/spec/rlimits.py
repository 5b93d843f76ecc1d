"""Resource limits: `nofile,1024,4096` or `nofile,1024,unlimited`."""

from __future__ import annotations

from typing import Any

from harness.image.spec.wanted import Item, Wanted, bad
from harness.plan.validate import suggestion
from harness.plan.yamlfile import shown

_UNLIMITED = (1 << 64) - 1
_NAMES = (
    "CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING",
    "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
)  # fmt: skip
_KNOWN = frozenset(f"RLIMIT_{name}" for name in _NAMES)


def rlimits_of(wanted: Wanted) -> list[dict[str, Any]]:
    """The list for config.json. Raises InputError for what is no limit."""
    return [_limit(item) for item in wanted.items("rlimits")]


def _limit(item: Item) -> dict[str, Any]:
    parts = [part.strip() for part in item.text.split(",", 2)]
    if len(parts) != 3:
        raise bad(item, f"{shown(item.text)} is no limit", "expected name,soft,hard, such as nofile,1024,4096")
    name = parts[0].upper()
    name = name if name.startswith("RLIMIT_") else f"RLIMIT_{name}"
    if name not in _KNOWN:
        raise bad(item, f"there is no limit {shown(parts[0])}", suggestion(name, _KNOWN))
    soft, hard = (_number(item, part) for part in parts[1:])
    if soft > hard:
        raise bad(item, f"the soft limit {parts[1]} is above the hard limit {parts[2]}", "the kernel refuses that")
    return {"type": name, "hard": hard, "soft": soft}


def _number(item: Item, text: str) -> int:
    if text.lower() == "unlimited":
        return _UNLIMITED
    if text.isascii() and text.isdecimal() and len(text) <= 20 and int(text) <= _UNLIMITED:
        return int(text)
    raise bad(item, f"{shown(text)} is no limit", f"expected 0 to {_UNLIMITED} or unlimited")
