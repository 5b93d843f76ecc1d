"""Programs of an image that do not do their work, and an init that ends of it."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import ARM64, ARMHF, MICROVM, RISCV64, Fault
from tests.faults.corpus.ways import elfs, initrds
from tests.faults.corpus.ways.media import ours
from tests.faults.corpus.ways.openssl import VERIFIES, openssl

DEAD = Outcome.INIT_DIED
AGENT = "/usr/bin/agent || exit 1\n"
FULL = "mount -t tmpfs -o size=4k tmpfs /run\ndd if=/dev/zero of=/run/state bs=8k count=1 || exit 1\n"
NO_LEASE = b"#!/bin/sh\nexit 7\n"

FAULTS = (
    Fault(
        "program-wrong-arch-x86_64",
        MICROVM,
        (initrds.program("usr/bin/agent", elfs.AARCH64), initrds.init(AGENT)),
        DEAD,
        "component-wrong-arch",
        sample=True,
    ),
    Fault(
        "program-wrong-arch-riscv64",
        RISCV64,
        (initrds.program("usr/bin/agent", elfs.X86_64), initrds.init(AGENT)),
        DEAD,
        "component-wrong-arch",
    ),
    Fault(
        "program-crashes-arm64",
        ARM64,
        (initrds.program("usr/bin/agent", elfs.AARCH64), initrds.init(AGENT)),
        DEAD,
        "init-exited",
    ),
    Fault("guest-disk-full-arm64", ARM64, (initrds.init(FULL),), DEAD, "guest-disk-full"),
    Fault("guest-disk-full-armhf", ARMHF, (initrds.init(FULL),), DEAD, "guest-disk-full"),
    # A machine without a battery begins in another century.
    Fault(
        "clock-in-2000",
        ARM64,
        (openssl, initrds.init(f"date -s 2000-01-01\nexport PATH=$PATH:/usr/bin\n{VERIFIES}sleep 600\n")),
        DEAD,
        "clock-in-the-past",
        silence=20,
    ),
    Fault(
        "lease-is-not-taken",
        ARM64,
        (ours(initrds.program("etc/bootmatrix/dhcp", NO_LEASE)),),
        Outcome.SERVICE_FAILED,
        "network-down",
    ),
)
