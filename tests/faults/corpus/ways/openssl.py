"""Debian's openssl and its libraries in an initrd: it refuses a certificate where the clock stands before its time."""

from __future__ import annotations

from pathlib import Path

from harness.image.entries import Entry, file, folder
from harness.kernel.debian import fetch, unpack
from harness.store import Store
from tests.faults.corpus.fault import Scene, Way
from tests.faults.corpus.ways import initrds

# Its package, and those of its libraries.
_PACKAGES = {
    "openssl": ("openssl",),
    "libssl3": ("libssl.so.3", "libcrypto.so.3"),
    "libc6": ("libc.so.6", "ld-linux-aarch64.so.1"),
}
# Of nobody, signed by itself in November 2026.
_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUP61HTIAMAiaTSTcRyvx+Vls2b3wwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGc2FtcGxlMCAXDTI2MTEyNDE3MTgzMVoYDzIxMjYxMDMxMTcx
ODMxWjARMQ8wDQYDVQQDDAZzYW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AASFtn1oygeAldLifCIgmmWo9Trx+DhiwR2LAaoXKL7E1tFBGjkVCrHRpCNspUCJ
/ymhk5liPY2OBCRe/l5WWQ+Uo1MwUTAdBgNVHQ4EFgQUTYmCAtYwiJsYqxgap0Za
T7GqUGQwHwYDVR0jBBgwFoAUTYmCAtYwiJsYqxgap0ZaT7GqUGQwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAlDwifzqT461tkjZJ3FpDYD0NNslhr
6OaPxgMiwGsEpAIhAIeEfOKyDmIqMtLKgq0CaDEiMQnsBf6IDmq/QubaKeBM
-----END CERTIFICATE-----
"""
VERIFIES = "openssl verify -CAfile /server.pem /server.pem || exit 1\n"


def openssl(scene: Scene) -> Scene:
    """In /usr/bin, its libraries in /lib; `/server.pem` is for it."""
    into = scene.folder / "openssl"
    into.mkdir()
    wanted = {name for names in _PACKAGES.values() for name in names}

    def place(path: str) -> str | None:
        name = path.rpartition("/")[2]
        return name if name in wanted and ("-linux-gnu/" in path or path == "usr/bin/openssl") else None

    for package in _PACKAGES:
        unpack(fetch(package, scene.cell.target.arch, Store()), into, place)
    way: Way = initrds.remade(lambda entries: [*entries, *_made(into, entries)])
    return way(scene)


def _made(unpacked: Path, entries: list[Entry]) -> list[Entry]:
    there = {one.path for one in entries}
    folders = [folder(path) for path in ("lib", "usr", "usr/bin") if path not in there]
    files = [
        file(
            f"usr/bin/{path.name}" if path.name == "openssl" else f"lib/{path.name}", path.read_bytes(), executable=True
        )
        for path in sorted(unpacked.iterdir())
        if path.is_file()
    ]
    return [*folders, *files, file("server.pem", _CERTIFICATE.encode())]
