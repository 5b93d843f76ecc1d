"""Finds the QEMU binary of an architecture and makes sure it is new enough; its version is asked for once and kept."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HostError
from harness.words import Arch

# The second serial line of arm64 `virt`, mapped-ram and the boards of the matrix came with this version.
OLDEST = (10, 0)
# Debian's packages of the binaries; these are installed by any call of ./bootmatrix, the others by `setup nightly`.
_PACKAGES_OF_EVERY_CALL = {
    "x86_64": "qemu-system-x86",
    "i386": "qemu-system-x86",
    "aarch64": "qemu-system-arm",
    "arm": "qemu-system-arm",
}
_MORE_PACKAGES = {"riscv64": "qemu-system-riscv", "s390x": "qemu-system-s390x", "ppc64": "qemu-system-ppc"}


@dataclass(frozen=True, slots=True)
class QemuBinary:
    """Where it is, and its version as it prints it."""

    path: Path
    version: str


def find_qemu(arch: Arch, cache: Path) -> QemuBinary:
    """The binary that emulates `arch`. Raises HostError: none, one that does not run, or one that is too old."""
    name = f"qemu-system-{arch.qemu}"
    found = shutil.which(name)
    if found is None:
        call = "./bootmatrix list" if arch.qemu in _PACKAGES_OF_EVERY_CALL else "./bootmatrix setup nightly"
        raise HostError(
            f"{name} is not installed", hint=f"run {call}, which installs it, or install {_package(arch)} (QEMU >= 10)"
        )
    path = Path(found)
    version = _known_version(path, cache) or _ask_version(path, cache)
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise HostError(
            f"{path} is version {version}, and bootmatrix needs {oldest} or newer",
            hint="on Debian 12 install it from bookworm-backports, as ./bootmatrix does",
        )
    return QemuBinary(path, version)


def _package(arch: Arch) -> str:
    return (_PACKAGES_OF_EVERY_CALL | _MORE_PACKAGES)[arch.qemu]


def _key(path: Path) -> str:
    state = path.stat()
    return f"{path} {state.st_size} {state.st_mtime_ns}"


def _known_version(path: Path, cache: Path) -> str | None:
    try:
        known = json.loads((cache / "qemu-versions.json").read_text(encoding="utf-8"))
        version = known[_key(path)]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return version if isinstance(version, str) else None


def _ask_version(path: Path, cache: Path) -> str:
    try:
        answer = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise HostError(f"{path} does not run: {problem}", hint="install QEMU again") from None
    found = re.search(r"version (\d+\.\d+[^\s)]*)", answer.stdout)
    if answer.returncode or not found:
        said = " ".join((answer.stderr or answer.stdout).split())[:300] or "it said nothing"
        raise HostError(f"{path} --version ended with status {answer.returncode}: {said}", hint="install QEMU again")
    _remember(path, found[1], cache)
    return found[1]


def _remember(path: Path, version: str, cache: Path) -> None:
    store = cache / "qemu-versions.json"
    temporary = store.with_name(f"{store.name}.{os.getpid()}")
    try:
        known = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
        cache.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps({**known, _key(path): version}), encoding="utf-8")
        temporary.replace(store)
    except (OSError, ValueError, TypeError):
        with contextlib.suppress(OSError):  # asked again next time
            temporary.unlink()
