"""Identifiers of media (disks, partitions, volumes): of what is in them, for chance would change their bytes."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

from harness.store import sha256_file

_NAMESPACE = uuid.UUID("6f3f8a52-0a55-5d07-9d9e-5f1d3a7d8a11")  # ours, of no meaning


def uuid_of(*parts: str) -> uuid.UUID:
    """The UUID (version 5) that belongs to these texts."""
    return uuid.uuid5(_NAMESPACE, "\0".join(parts))


def digest_of(*paths: Path) -> str:
    """One digest of the contents of files, in this order."""
    return hashlib.sha256("".join(sha256_file(path) for path in paths).encode()).hexdigest()
