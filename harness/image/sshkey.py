"""The key with which the harness logs in to guests: made once a store, and good for nothing else."""

from __future__ import annotations

from pathlib import Path

from harness.store import Store

_VERSION = 1


def ssh_key(store: Store) -> Path:
    """The private key, Ed25519, in OpenSSH's format; the public one lies beside it as `id.pub`."""

    def make(folder: Path) -> None:
        import asyncssh

        key = asyncssh.generate_private_key("ssh-ed25519", comment="bootmatrix")
        private = folder / "id"
        private.touch(mode=0o600)
        private.write_bytes(key.export_private_key())
        (folder / "id.pub").write_bytes(key.export_public_key())

    return store.get("ssh-key", {"version": _VERSION}, make) / "id"


def public_half(private: Path) -> bytes:
    """One line, as authorized_keys has it."""
    return private.with_suffix(".pub").read_bytes()
