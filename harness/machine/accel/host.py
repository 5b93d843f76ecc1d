"""What this host is: the architecture it runs natively, and the facts that a remembered verdict depends on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from pathlib import Path

from harness.words import Arch

_MACHINES = {
    "x86_64": Arch.X86_64,
    "aarch64": Arch.ARM64,
    "armv7l": Arch.ARMHF,
    "armv8l": Arch.ARMHF,
    "riscv64": Arch.RISCV64,
    "s390x": Arch.S390X,
    "ppc64le": Arch.PPC64LE,
}
_BACKENDS = ("kvm_intel", "kvm_amd", "kvm_pvm", "kvm_hv", "kvm_pr")


def host_arch() -> Arch | None:
    """The host's own architecture, None for one that has no name here."""
    return _MACHINES.get(platform.machine())


def host_name() -> str:
    """The host's architecture in words, for sentences."""
    arch = host_arch()
    return arch.value if arch else platform.machine() or "unknown"


def backends() -> list[str]:
    """The loaded kernel modules that implement KVM: who is behind `/dev/kvm`."""
    return [name for name in _BACKENDS if Path("/sys/module", name).is_dir()]


def _head(path: str, size: int = 2048) -> str:
    """The start of a system file, "" where it cannot be read. Of cpuinfo that is the first CPU, cheap on any host."""
    try:
        with Path(path).open("rb", buffering=0) as file:
            return file.read(size).decode("utf-8", "replace")
    except OSError:
        return ""


def cpu_model() -> str:
    """The CPU by its own name; on arm64, which has no names, by implementer and part number."""
    facts: dict[str, str] = {}
    for line in _head("/proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    if "model name" in facts:
        return facts["model name"]
    return "/".join(facts[key] for key in ("CPU implementer", "CPU part", "CPU revision") if key in facts)


def fingerprint(qemu: Path, arch: Arch) -> str:
    """Hash of everything a verdict depends on; starts no process. Raises OSError if `qemu` does not exist."""
    uname = os.uname()
    real = qemu.resolve(strict=True)
    stat = real.stat()
    facts = [
        arch.value,
        *(uname.nodename, uname.release, uname.version, uname.machine),
        _head("/etc/machine-id"),
        cpu_model(),
        backends(),
        *(str(real), stat.st_size, stat.st_mtime_ns),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
