"""Make `archive/`, the tiny signed Debian archive of these tests: run by hand (needs gpg), the result is committed.

It is kept rather than made by each test, because a host that can check signatures need not be able to make them.
Its key is thrown away afterwards.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent / "archive"
RELEASE = "6.1.0-9-arm64"
IMAGE = bytes(0x38) + b"ARM\x64" + bytes(4036)  # what tells an arm64 Image
CONFIG = b"CONFIG_ARM64=y\nCONFIG_RD_ZSTD=y\nCONFIG_ISO9660_FS=m\n"
Files = dict[str, tuple[bytes, int]]
PACKAGES: tuple[tuple[str, str, str, Files], ...] = (
    ("linux-image-arm64", "6.1.9-1", f"linux-image-{RELEASE} (= 6.1.9-1)", {}),
    (
        f"linux-image-{RELEASE}",
        "6.1.9-1",
        "kmod, linux-base",
        {
            f"boot/vmlinuz-{RELEASE}": (IMAGE, 0o644),
            f"boot/config-{RELEASE}": (CONFIG, 0o644),
            f"boot/System.map-{RELEASE}": (b"0 T _text\n", 0o644),
            f"usr/lib/linux-image-{RELEASE}/broadcom/board.dtb": (b"\xd0\x0d\xfe\xed" + bytes(60), 0o644),
            "usr/share/doc/x": (b"x", 0o644),
        },
    ),
    (
        "busybox-static",
        "1:1.35.0-4",
        "",
        {"bin/busybox": (b"\x7fELFnot really", 0o755), "usr/share/doc/busybox-static/copyright": (b"GPL", 0o644)},
    ),
)


def tar(files: Files) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, (data, mode) in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size, member.mode = len(data), mode
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def deb(control: str, files: Files) -> bytes:
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": tar({"control": (control.encode(), 0o644)}),
        "data.tar.gz": tar(files),
    }
    out = b"!<arch>\n"
    for name, data in parts.items():
        head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n"
        out += head.encode() + data + b"\n" * (len(data) % 2)
    return out


def main() -> None:
    shutil.rmtree(ROOT, ignore_errors=True)
    (ROOT / "pool").mkdir(parents=True)
    index = ""
    for name, version, depends, files in PACKAGES:
        control = f"Package: {name}\nVersion: {version}\nArchitecture: arm64\nMaintainer: Nobody <nobody@example.org>\n"
        control += (f"Depends: {depends}\n" if depends else "") + "Description: made for a test\n"
        data = deb(control, files)
        (ROOT / "pool" / f"{name}.deb").write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        index += f"{control}Filename: pool/{name}.deb\nSize: {len(data)}\nSHA256: {digest}\n\n"
    packages = ROOT / "dists/stable/main/binary-arm64/Packages"
    packages.parent.mkdir(parents=True)
    packages.write_text(index)
    digest = hashlib.sha256(index.encode()).hexdigest()
    release = (
        "Origin: Debian\nLabel: Debian\nSuite: stable\nCodename: stable\nDate: Wed, 01 Jan 2020 00:00:00 UTC\n"
        f"Architectures: arm64\nComponents: main\nSHA256:\n {digest} {len(index)} main/binary-arm64/Packages\n"
    )
    with tempfile.TemporaryDirectory() as home:
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--faked-system-time"]
        key = ["--passphrase", "", "--quick-gen-key", "Test archive <nobody@example.org>", "rsa3072", "sign", "never"]
        subprocess.run([*gpg, "20200101T000000", *key], check=True)
        sign = ["--clearsign", "-o", str(ROOT / "dists/stable/InRelease")]
        subprocess.run([*gpg, "20200101T000100", *sign], check=True, input=release.encode())
        done = subprocess.run([*gpg, "20200101T000100", "--export"], check=True, stdout=subprocess.PIPE)
        (ROOT / "key.gpg").write_bytes(done.stdout)


if __name__ == "__main__":
    main()
