"""The host: QEMU is killed, its files go away, the disk of the records is full, the cable is pulled."""

from __future__ import annotations

import signal

from harness.words import Outcome
from tests.faults.corpus.fault import ARM64, ARMHF, MICROVM, RISCV64, S390X, UEFI, Fault
from tests.faults.corpus.ways import boots
from tests.faults.corpus.ways.hands import KERNEL, RUNS, cable, killed
from tests.faults.corpus.ways.media import lost_firmware

GONE = Outcome.MACHINE_DIED

FAULTS = (
    Fault("qemu-killed-arm64", ARM64, (killed(signal.SIGKILL),), GONE, "qemu-killed", sample=True),
    Fault("qemu-killed-s390x", S390X, (killed(signal.SIGKILL, RUNS),), GONE, "qemu-killed"),
    Fault("qemu-terminated-armhf", ARMHF, (killed(signal.SIGTERM),), GONE, "qemu-killed"),
    Fault("qemu-crashed-riscv64", RISCV64, (killed(signal.SIGSEGV),), GONE, "qemu-killed"),
    Fault("firmware-lost", UEFI, (lost_firmware,), None, "qemu-refused"),
    Fault("machine-refused", MICROVM, (boots.target(machine={"cpu": "no-such-model"}),), None, "qemu-refused"),
    Fault("memory-of-the-host", ARM64, (boots.target(machine={"memory": 65536 * 64}),), None, "host-out-of-memory"),
    Fault("records-without-room", ARM64, (boots.little_room(16 << 10),), None, "host-out-of-disk"),
    Fault("cable-pulled", ARM64, (cable(KERNEL),), GONE, "console-lost", sample=True),
)
