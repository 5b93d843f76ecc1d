"""What an unquoted word of an image YAML means: as Go's yaml.v3 has it, since LinuxKit reads these files with it.

`0644` is a number here (octal, as in YAML 1.1), so it is refused where text is wanted, as LinuxKit refuses it; `yes`
and `on` are text, and so is a date.
"""

from __future__ import annotations

import math
import re
from typing import Any

_WORDS: dict[str, bool | float | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    ".nan": math.nan, ".NaN": math.nan, ".NAN": math.nan,
    ".inf": math.inf, ".Inf": math.inf, ".INF": math.inf, "+.inf": math.inf, "+.Inf": math.inf, "+.INF": math.inf,
    "-.inf": -math.inf, "-.Inf": -math.inf, "-.INF": -math.inf,
}  # fmt: skip
_LONGEST = 64  # of a number; longer ones are text, and converting them would take long
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = (16, 2, 8, 10)


def resolved(text: str) -> Any:
    """The value of an unquoted word: str, int, float, bool or None. Pure."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-." or len(text) > _LONGEST:
        return text
    plain = text.replace("_", "")
    if found := _INTEGER.fullmatch(plain):
        sign, *digits = found.groups()
        number = next(int(part, base) for part, base in zip(digits, _BASES, strict=True) if part is not None)
        number = -number if sign == "-" else number
        return number if -(1 << 63) <= number < 1 << 64 else float(number)
    if _FLOAT.fullmatch(plain) and math.isfinite(real := float(plain)):
        return real
    return text
