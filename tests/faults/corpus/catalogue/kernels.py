"""Kernels that crash or stop in their own code. Kernels less one symbol are tests/faults/kernels.py."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import ARM64, Fault
from tests.faults.corpus.ways import boots, initrds
from tests.faults.corpus.ways.code import FOREVER, MASKED, UNDEFINED, configured, debian, patched

FAULTS = (
    Fault("initcall-never-returns", ARM64, (patched("virtio_blk_init", FOREVER),), Outcome.HANG, "initcall-deadlock"),
    # A system call that never returns, with interrupts on.
    Fault(
        "soft-lockup-arm64",
        ARM64,
        (debian("__arm64_sys_sync", FOREVER), boots.words("watchdog_thresh=2"), initrds.init("sync\n")),
        Outcome.LOCKUP,
        "soft-lockup",
        silence=20,
    ),
    # The same with interrupts off. Without a PMU, which QEMU's TCG has not, one processor watches the other.
    Fault(
        "hard-lockup-arm64",
        ARM64,
        (
            boots.target(machine={"cpus": 2}),
            configured("DEBUG_KERNEL=y", "HARDLOCKUP_DETECTOR=y"),
            patched("__arm64_sys_sync", MASKED, FOREVER),
            boots.words("watchdog_thresh=2"),
            initrds.init("sync\n"),
        ),
        Outcome.LOCKUP,
        "hard-lockup",
        silence=20,
    ),
    Fault("driver-crashes", ARM64, (patched("virtnet_probe", UNDEFINED),), Outcome.OOPS, "panic-in-driver"),
    Fault("kernel-crashes", ARM64, (patched("__arm64_sys_mount", UNDEFINED),), Outcome.OOPS, "kernel-bug"),
)
