"""The key by which our EFI programs are signed: made once a store, and trusted by machines of this store alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.image.media.tools import run
from harness.store import Store

_VERSION = 1  # of what this file makes; part of the key
_NAME = "bootmatrix: a key for tests"
_BITS = 2048  # what every UEFI takes (UEFI 2.10, 32.4.1)
# Firmware may have no clock, so it looks at no date; other programs do.
_FROM, _TO = datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its self-signed certificate, both PEM files."""

    key: Path
    certificate: Path

    @property
    def digest(self) -> str:
        """Which key it is."""
        return hashlib.sha256(self.certificate.read_bytes()).hexdigest()


def signer_of(store: Store) -> Signer:
    """The store's own, made when it is asked for first."""
    folder = store.get("signer", {"version": _VERSION}, _make)
    return Signer(folder / "key.pem", folder / "certificate.pem")


def _make(folder: Path) -> None:
    # A slow library, and needed once a store.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_TO)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    private = folder / "key.pem"
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))


def sign_in_place(signer: Signer, program: Path) -> None:
    """Sign an EFI program by sbsign. Raises HostError with its complaint."""
    run("sbsign", "--key", signer.key, "--cert", signer.certificate, "--output", program, program)
