"""The private keys of a repository: one Ed25519 key a role, in a folder of the owner's, readable by nobody else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HostError, InputError
from harness.plan.yamlfile import shown_path

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

ROLES = ("root", "targets", "snapshot", "timestamp")


class Keys:
    """A folder with ROLE.pem (PKCS8) for each role. Keys that a machine need not have may be kept elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, role: str, *, again: bool = False) -> CryptoSigner:
        """A new key for a role. Raises InputError where there is one already, which `again` keeps by another name."""
        from securesystemslib.signer import CryptoSigner

        made = CryptoSigner.generate_ed25519()
        path = self._path(role)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if again and path.exists():
                older = len(list(self.folder.glob(f"{role}.*.pem")))
                path.rename(self.folder / f"{role}.{older + 1}.pem")
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(made.private_bytes)
        except FileExistsError as problem:
            raise InputError(
                f"{shown_path(path)} exists", hint="keep it, or choose another folder of keys"
            ) from problem
        except OSError as problem:
            raise HostError(f"{shown_path(path)} cannot be written: {problem.strerror}") from problem
        return made

    def has(self, role: str) -> bool:
        """Whether the role's key is here."""
        return self._path(role).is_file()

    def signer(self, role: str) -> CryptoSigner:
        """The key of a role. Raises InputError where it is missing, unreadable, or open to other users."""
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from securesystemslib.exceptions import UnsupportedLibraryError
        from securesystemslib.signer import CryptoSigner

        path = self._path(role)
        try:
            mode = path.stat().st_mode
            data = path.read_bytes()
        except OSError as problem:
            raise InputError(
                f"the key of the role {role} cannot be read: {shown_path(path)}: {problem.strerror}",
                hint="give the folder that `bootmatrix trust init` made with --keys",
            ) from problem
        if mode & 0o077:
            raise InputError(f"{shown_path(path)} can be read by other users", hint=f"chmod 600 {shown_path(path)}")
        try:
            return CryptoSigner(load_pem_private_key(data, None))
        except (ValueError, TypeError, UnsupportedLibraryError) as problem:
            raise InputError(f"{shown_path(path)} is no private key without a password (PKCS8, PEM)") from problem

    def _path(self, role: str) -> Path:
        return self.folder / f"{role}.pem"
