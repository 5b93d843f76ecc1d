"""Units of systemd that failed, as a console tells of them: also where the boot was a good one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 20  # units that are told of one boot
_FAILED = re.compile(
    r"(?:^\[ ?(?:FAILED|DEPEND) ?\] ?|^systemd\[1\]: )(?:Failed to (?:start|mount|listen on|activate)"
    r"|Dependency failed for) (?P<unit>\S[^\n]{0,160}?)[. ]{0,4}$"
)


def failed_units(lines: Iterable[str]) -> tuple[str, ...]:
    """Their names with what they are for, as systemd has them, each once and in order. `lines`: messages, plain."""
    found = (match["unit"] for line in lines if (match := _FAILED.search(line)))
    return tuple(dict.fromkeys(found))[:MOST]
