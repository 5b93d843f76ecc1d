"""The shared vocabulary: every folder may import this one, and it imports from none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Arch(StrEnum):
    """Architectures by the names the kernel community uses on the command line; Debian's name is in `debian`."""

    X86_64 = "x86_64"
    I386 = "i386"
    ARM64 = "arm64"
    ARMHF = "armhf"
    ARMEL = "armel"
    RISCV64 = "riscv64"
    S390X = "s390x"
    PPC64LE = "ppc64le"

    @property
    def debian(self) -> str:
        """Debian's name of the architecture."""
        return {"x86_64": "amd64", "ppc64le": "ppc64el"}.get(self.value, self.value)

    @property
    def qemu(self) -> str:
        """The suffix of the `qemu-system-` binary that emulates it."""
        return {"arm64": "aarch64", "armhf": "arm", "armel": "arm", "ppc64le": "ppc64"}.get(self.value, self.value)


class TargetClass(StrEnum):
    """The kind of place the hardware is found in."""

    BAREMETAL = "baremetal"
    HYPERV = "hyperv"
    CLOUD = "cloud"
    IOT = "iot"


class Outcome(StrEnum):
    """What happened to the guest: one word, and no others."""

    READY = "ready"
    KERNEL_PANIC = "kernel-panic"
    INIT_DIED = "init-died"
    NO_ROOTFS = "no-rootfs"
    OOPS = "oops"
    LOCKUP = "lockup"
    HUNG_TASK = "hung-task"
    RCU_STALL = "rcu-stall"
    OOM = "oom"
    EMERGENCY_SHELL = "emergency-shell"
    SERVICE_FAILED = "service-failed"
    BOOTLOADER_FAILURE = "bootloader-failure"
    FIRMWARE_FAILURE = "firmware-failure"
    RESET_LOOP = "reset-loop"
    NO_OUTPUT = "no-output"
    HANG = "hang"
    POWERED_OFF = "powered-off"
    INCOMPLETE = "incomplete"
    MACHINE_DIED = "machine-died"


class Verdict(StrEnum):
    """What the harness says of a cell."""

    PASS = "pass"
    FAIL = "fail"
    FLAKY = "flaky"
    ERROR = "error"
    SKIP = "skip"


class Source(StrEnum):
    """Where an event came from."""

    CONSOLE = "console"
    QMP = "qmp"
    PROCESS = "process"
    CLOCK = "clock"
    HARNESS = "harness"


_NO_DATA: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """One timestamped fact.

    `at` is in seconds since power-on (monotonic clock). `kind` is the source's own word: `line` or `partial` of a
    console, `RESET`, `SHUTDOWN`, ... of QMP, `exit` of a process, `silence` or `deadline` of the clock.
    """

    at: float
    source: Source
    kind: str
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=lambda: _NO_DATA)


@dataclass(frozen=True, slots=True)
class Reached:
    """A milestone that was reached: `at` in seconds since power-on, `line` the evidence as it was seen."""

    name: str
    at: float
    source: Source
    line: str = ""
