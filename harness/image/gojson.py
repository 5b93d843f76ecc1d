"""JSON text as Go writes it: so that a file of ours is LinuxKit's byte by byte, also to those who take its hash."""

from __future__ import annotations

import json
from typing import Any

# encoding/json makes its output safe inside HTML.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def text_of(value: Any) -> bytes:
    """Indented by four, keys in the order given."""
    text = json.dumps(value, indent=4, ensure_ascii=False)
    return text.translate(_ESCAPES).encode("utf-8", "replace")
