"""Command lines, kernels, device trees and machines that do not fit each other."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import ARM64, ARMHF, MICROVM, PC, RISCV64, S390X, Fault
from tests.faults.corpus.ways import boots, initrds
from tests.faults.corpus.ways.code import matched
from tests.faults.corpus.ways.media import cmdline, no_initrd

NO_ROOT, MUTE = Outcome.NO_ROOTFS, Outcome.NO_OUTPUT


def root(text: str) -> object:
    """Our own cell, its disks in the machine, without its initrd; more words."""
    return cmdline(lambda words: (*words, *text.split()))


FAULTS = (
    # Debian's kernels for clouds have virtio as modules, which without an initrd nobody loads.
    Fault("root-driver-arm64", ARM64, (no_initrd, root("root=/dev/vda")), NO_ROOT, "root-driver-missing", sample=True),
    Fault("root-driver-s390x", S390X, (no_initrd, root("root=/dev/vda")), NO_ROOT, "root-driver-missing"),
    Fault(
        "root-driver-x86_64",
        PC,
        (no_initrd, root("root=/dev/sda1 rootfstype=ext4")),
        NO_ROOT,
        "root-driver-missing",
        silence=10,
    ),
    Fault(
        "root-driver-awaited", ARMHF, (no_initrd, root("root=/dev/vda rootwait")), Outcome.HANG, "root-driver-missing"
    ),
    Fault(
        "root-wrong-device",
        ARM64,
        (initrds.lacking("init"), boots.words("root=/dev/sdz9")),
        NO_ROOT,
        "root-device-missing",
    ),
    # The kernel has the disk's driver, and no disk of that name; the machine's own disk has no file system.
    Fault(
        "root-named-wrong",
        ARM64,
        (matched, boots.with_disk, initrds.no_initrd, boots.words("root=/dev/vdz1")),
        NO_ROOT,
        "root-device-missing",
    ),
    Fault(
        "rootfstype-wrong",
        ARM64,
        (matched, boots.with_disk, initrds.no_initrd, boots.words("root=/dev/vda rootfstype=ext4")),
        NO_ROOT,
        "root-filesystem-unknown",
    ),
    Fault("no-root-named", ARM64, (matched, boots.with_disk, initrds.no_initrd), NO_ROOT, "no-root-named"),
    Fault("rdinit-missing", S390X, (boots.words("rdinit=/sbin/nowhere"),), NO_ROOT, "init-missing"),
    Fault("console-absent-x86_64", MICROVM, (cmdline(lambda words: words[1:]),), MUTE, "console-missing"),
    # It speaks, and is up: on a display, which is no console of ours.
    Fault(
        "console-on-the-display",
        PC,
        (
            boots.display("VGA"),
            boots.target(machine={"properties": {"graphics": True}}),
            cmdline(lambda words: tuple(word for word in words if not word.startswith("console="))),
        ),
        MUTE,
        "console-missing",
        silence=10,
    ),
    Fault("console-wrong-arm64", ARM64, (cmdline(lambda _: ("console=ttyS0",)),), MUTE, "console-wrong", sample=True),
    Fault(
        "console-wrong-x86_64", MICROVM, (cmdline(lambda words: ("console=ttyS3", *words[1:])),), MUTE, "console-wrong"
    ),
    Fault("console-wrong-armhf", ARMHF, (cmdline(lambda _: ("console=ttyS0",)),), MUTE, "console-wrong"),
    Fault("console-wrong-riscv64", RISCV64, (cmdline(lambda _: ("console=ttyAMA0",)),), Outcome.HANG, "console-wrong"),
    Fault(
        "console-quiet", ARM64, (boots.words("loglevel=0 quiet"), initrds.init("sleep 600\n")), MUTE, "console-quiet"
    ),
    Fault("memory-16M-arm64", ARM64, (boots.words("mem=16M"),), MUTE, "memory-too-small"),
    Fault(
        "machine-32M-x86_64", MICROVM, (boots.target(machine={"memory": 32}),), Outcome.RESET_LOOP, "memory-too-small"
    ),
    Fault("machine-24M-armhf", ARMHF, (boots.target(machine={"memory": 24}),), MUTE, "memory-too-small"),
    Fault("tree-of-another-board-arm64", ARM64, (boots.tree_of("raspi3b"),), MUTE, "wrong-dtb"),
    Fault("tree-of-another-board-armhf", ARMHF, (boots.tree_of("orangepi-pc"),), MUTE, "wrong-dtb"),
    Fault("kernel-of-arm64-on-armhf", ARMHF, (boots.kernel_of(ARM64),), MUTE, "kernel-wrong-arch"),
    Fault("kernel-of-arm64-on-x86_64", MICROVM, (boots.kernel_of(ARM64),), None, "kernel-wrong-arch"),
    Fault("kernel-of-x86_64-on-arm64", ARM64, (boots.kernel_of(MICROVM),), MUTE, "kernel-wrong-arch"),
    Fault("kernel-of-zeros", MICROVM, (boots.kernel(lambda data: bytes(len(data))),), None, "not-a-kernel"),
    Fault("kernel-cut", ARM64, (boots.kernel(lambda data: data[: len(data) // 3]),), MUTE, "not-a-kernel"),
    Fault(
        "console-driver-not-started", ARM64, (boots.words("initcall_blacklist=pl011_init"),), MUTE, "console-missing"
    ),
)
