"""Which accelerator this host really has, and why. `/dev/kvm` that opens proves nothing: only a guest that ran does."""

from __future__ import annotations

import asyncio
import grp
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from harness.errors import HostError
from harness.machine.accel import cache as store
from harness.machine.accel.attempt import Attempt, Result, attempt, printable
from harness.machine.accel.canary import canary
from harness.machine.accel.host import backends, cpu_model, fingerprint, host_arch, host_name
from harness.words import Arch

KVM_DEVICE = Path("/dev/kvm")
# Seconds for each attempt in turn, and for QEMU's version: together under 2.5 s when everything hangs.
_DEADLINES = (1.2, 0.7)
_VERSION_DEADLINE = 0.3


@dataclass(frozen=True, slots=True)
class Accelerator:
    """The accelerator to use for one architecture on this host.

    `reason` is one printable sentence for people. `facts` is for JSON (doctor, results): `host`, `cpu_model`,
    `backends` (of KVM), `kvm_device`, `opened` (None: not tried), `canary` (a `Result` word, None: not run), `cpu`,
    `seconds` (that the canaries took), `attempts`, `qemu`, `qemu_version` (None: not asked), `remembered`, and
    `cache_error` where the verdict could not be kept.
    """

    name: Literal["kvm", "tcg", "nested"]
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cpu(self) -> str | None:
        """The CPU model that was proven under KVM (`host` where that works); None under TCG."""
        cpu = self.facts.get("cpu")
        return cpu if self.name == "kvm" and isinstance(cpu, str) else None


def probe(
    arch: Arch, qemu: Path, cache: Path, *, fresh: bool = False, device: Path = KVM_DEVICE, host: Arch | None = None
) -> Accelerator:
    """Find the accelerator for `arch` with the QEMU binary `qemu`; safe to call from any thread.

    The first call on a host starts a canary guest (at most 2.5 s); its verdict is kept in the folder `cache` until the
    kernel, the CPU, the KVM module or the QEMU binary changes. `fresh` asks again. `host` overrides the host's own
    architecture. Raises HostError if `qemu` does not exist.
    """
    try:
        key = fingerprint(qemu, arch)
    except OSError as error:
        raise HostError(
            f"cannot use {printable(str(qemu))}: {error.strerror}", hint="install QEMU for this architecture"
        ) from None
    facts = _facts(qemu, device)
    native = host or host_arch()
    if arch is not native:
        return _tcg(f"emulating {arch.value} on an {host.value if host else host_name()} host", facts)
    guest = canary(arch)
    if guest is None:
        return _tcg(f"using TCG: no canary guest exists for {arch.value}, so KVM cannot be proven", facts)
    # Asked every time, it is two system calls: joining a group or loading a module must show at once.
    if why := _unusable(device):
        return _tcg(f"using TCG: {why}", {**facts, "opened": False})
    facts["opened"] = True

    file = store.verdict_file(cache, arch)
    if not fresh and (known := store.recall(file, key)):
        kept = {**known["facts"], "remembered": True}
        return Accelerator(known["name"], printable(known["reason"], 600), kept)

    started = time.monotonic()
    attempts: list[Attempt] = []
    for cpu, deadline in zip(guest.cpus, _DEADLINES, strict=False):
        attempts.append(attempt(qemu, guest, cpu, deadline=deadline))
        if attempts[-1].result is Result.PASSED:
            break
    facts["seconds"] = round(time.monotonic() - started, 3)
    facts["attempts"] = [one.as_dict() for one in attempts]
    facts["canary"] = attempts[-1].result.value
    facts["qemu_version"] = _version(qemu)
    verdict = _verdict(attempts, facts, device)
    if all(one.conclusive for one in attempts):
        try:
            store.remember(file, key, asdict(verdict))
        except OSError as error:
            # The verdict holds all the same; doctor shows that it could not be kept.
            return replace(verdict, facts={**verdict.facts, "cache_error": printable(f"{error.strerror}: {file}")})
    return verdict


async def probe_async(
    arch: Arch, qemu: Path, cache: Path, *, fresh: bool = False, device: Path = KVM_DEVICE, host: Arch | None = None
) -> Accelerator:
    """`probe` in a thread, to run beside a build. A cancelled call leaves its guest to the deadline and the kill."""
    return await asyncio.to_thread(probe, arch, qemu, cache, fresh=fresh, device=device, host=host)


def _facts(qemu: Path, device: Path) -> dict[str, Any]:
    """The facts before anything is tried."""
    return {
        "host": host_name(),
        "cpu_model": printable(cpu_model()),
        "backends": backends(),
        "kvm_device": str(device),
        "opened": None,
        "canary": None,
        "cpu": None,
        "seconds": 0.0,
        "attempts": [],
        "qemu": str(qemu),
        "qemu_version": None,
        "remembered": False,
    }


def _tcg(reason: str, facts: dict[str, Any]) -> Accelerator:
    return Accelerator("tcg", printable(reason, 600), facts)


def _unusable(device: Path) -> str | None:
    """Why the device cannot be opened, with the remedy; None if it can."""
    try:
        os.close(os.open(device, os.O_RDWR | os.O_CLOEXEC))
    except FileNotFoundError:
        return f"there is no {device} (no KVM in this kernel, or virtualization is off in the firmware)"
    except PermissionError:
        return f"no permission to open {device}; {_remedy(device)}"
    except OSError as error:
        return f"{device} does not open: {error.strerror}"
    return None


def _remedy(device: Path) -> str:
    """What gives the user access: the group that has it, if one has."""
    try:
        stat = device.stat()
        group = grp.getgrgid(stat.st_gid).gr_name
    except (OSError, KeyError):
        return "ask the administrator for access"
    if stat.st_mode & 0o060 != 0o060:
        return f"its mode is {stat.st_mode & 0o777:04o}, no group has access: ask the administrator"
    return f"join the group '{group}' (usermod -aG {group} USER, then log in again)"


def _verdict(attempts: list[Attempt], facts: dict[str, Any], device: Path) -> Accelerator:
    """The accelerator that the attempts prove, and the sentence that says so."""
    last, first = attempts[-1], attempts[0]
    if last.result is not Result.PASSED:
        told = [f"a canary guest with -cpu {first.cpu} {first.detail}"]
        told += [f"with -cpu {one.cpu} it {one.detail}" for one in attempts[1:]]
        return _tcg(f"using TCG: {device} opens, but {'; '.join(told)}", facts)
    facts = {**facts, "cpu": last.cpu}
    reason = f"using KVM: a 64-bit canary guest with -cpu {last.cpu} {last.detail}"
    if last is not first:
        reason += f"; with -cpu {first.cpu} it {first.detail}"
    return Accelerator("kvm", printable(reason, 600), facts)


def _version(qemu: Path) -> str | None:
    """QEMU's version as its first line has it, such as `10.0.2`; None if it does not say within a moment."""
    try:
        done = subprocess.run(
            [str(qemu), "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_DEADLINE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    head = printable(done.stdout.split(b"\n", 1)[0])
    _, _, version = head.partition("version ")
    return version.split(" ")[0] or None
