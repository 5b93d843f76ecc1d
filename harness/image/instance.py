"""Who a machine is told to be by its cloud: pure, and the same at each boot of a target."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


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
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    plain = target.replace("_", "-")
    point = hashlib.sha256(f"key of {target}".encode()).digest()
    key = Ed25519PublicKey.from_public_bytes(point).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return Identity(f"i-{plain}", plain, f"{key.decode()} bootmatrix")
