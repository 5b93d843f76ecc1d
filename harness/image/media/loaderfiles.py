"""Boot loaders' files out of Debian packages of any architecture, in the store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.errors import HostError
from harness.kernel.aptroot import AptRoot
from harness.kernel.debian import Superseded, fetch_exact, unpack
from harness.store import Store

_VERSION = 1  # of what this file makes; part of the key
# Suites and components that packages are taken from, where not from the host's own suite. Loaders and firmware are of
# one release on every host: Debian 12 has no ukify, its stub for arm64 has no room for sections, its UEFI for arm64 is
# mute where there are two serial ports, and that for x86_64 takes minutes where it is nested.
_ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "ovmf": ("trixie", "main"),
    "qemu-efi-aarch64": ("trixie", "main"),
    "qemu-efi-riscv64": ("trixie", "main"),
    "raspi-firmware": ("trixie", "non-free-firmware"),
    "systemd-boot-efi": ("trixie", "main"),
    "systemd-ukify": ("trixie", "main"),
    "u-boot-qemu": ("trixie", "main"),
    "u-boot-rpi": ("trixie", "main"),
}
# Where an architecture is not in that suite, or was not for as long: its kernels come of this one, too.
_OF_ARCHITECTURE: Mapping[tuple[str, str], tuple[str, str]] = {("systemd-boot-efi", "riscv64"): ("sid", "main")}


def loader_files(package: str, debian_arch: str, folder: str) -> Path:
    """All files below `folder` of a package, as a folder in the store. Raises HostError where they cannot be had."""
    store = Store()
    usual: tuple[str | None, str] = _ELSEWHERE.get(package, (None, "main"))
    suite, component = _OF_ARCHITECTURE.get((package, debian_arch), usual)
    apt = AptRoot(store, debian_arch, suite=suite, component=component)
    for _ in range(2):
        answer = apt.resolve(package)

        def make(into: Path) -> None:
            deb = fetch_exact(apt, package, answer)  # noqa: B023 -- called before the next turn
            prefix = f"{folder}/"
            if not unpack(deb, into, lambda inner: inner.removeprefix(prefix) if inner.startswith(prefix) else None):
                raise HostError(f"{package} for {debian_arch} has no folder {folder}")

        inputs = {"version": _VERSION, "deb": answer.sha256, "folder": folder}
        try:
            return store.get("loader", inputs, make, room=64 << 20)
        except Superseded:  # the archive has a newer package, and the answer is known now
            continue
    raise HostError(f"{package} for {debian_arch} changes while it is fetched", hint="run again")
