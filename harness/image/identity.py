"""Who a machine is told to be by its cloud: pure, and the same at each boot of a target."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass

_KEY_TYPE = b"ssh-ed25519"


@dataclass(frozen=True, slots=True)
class Identity:
    """Plain names, and a line of authorized_keys."""

    instance: str
    hostname: str
    key: str

    @property
    def keys_digest(self) -> str:
        """SHA-256 of the authorized_keys that has this key alone."""
        return hashlib.sha256(f"{self.key}\n".encode()).hexdigest()


def identity_of(target: str) -> Identity:
    """Of a target, by its name. Nobody has the private half of its key, which shows that one arrives, and no more."""
    plain = target.replace("_", "-")
    point = hashlib.sha256(f"key of {target}".encode()).digest()
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (_KEY_TYPE, point))
    key = f"{_KEY_TYPE.decode()} {base64.b64encode(blob).decode()} bootmatrix"
    return Identity(f"i-{plain}", plain, key)
