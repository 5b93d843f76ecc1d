"""The remembered verdict: one small JSON file an architecture. Whatever is wrong with it means asking again."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from harness.words import Arch

SCHEMA = 1
_LIMIT = 65536


def verdict_file(cache: Path, arch: Arch) -> Path:
    """Where the verdict of an architecture is kept."""
    return cache / f"accelerator-{arch.value}.json"


def recall(file: Path, key: str) -> dict[str, Any] | None:
    """The remembered `{name, reason, facts}` if it is whole and was made under the same `key`, else None."""
    try:
        with file.open("rb") as stream:
            record = json.loads(stream.read(_LIMIT))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA or record.get("key") != key:
        return None
    verdict = record.get("verdict")
    if not isinstance(verdict, dict) or verdict.get("name") not in ("kvm", "tcg"):
        return None
    if not isinstance(verdict.get("reason"), str) or not isinstance(verdict.get("facts"), dict):
        return None
    return verdict


def remember(file: Path, key: str, verdict: dict[str, Any]) -> None:
    """Write the verdict whole or not at all. Raises OSError; the old file is then as it was."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"schema": SCHEMA, "key": key, "verdict": verdict}, indent=1) + "\n"
    handle, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink()
        raise
