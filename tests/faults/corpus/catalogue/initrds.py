"""Broken initrds."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import ARM64, ARMHF, MICROVM, RISCV64, S390X, Fault
from tests.faults.corpus.ways import boots, debian, elfs, initrds

DEAD, NO_ROOT = Outcome.INIT_DIED, Outcome.NO_ROOTFS
# The kernel falls back to /bin/sh, where the image has one: nothing died, and a shell waits that nobody asked for.
SHELL = Outcome.HANG

FAULTS = (
    # Debian's initrd waits for the root device, then asks for a person. An empty panic= is what it takes for none.
    Fault(
        "debian-initrd-without-root",
        ARM64,
        (debian.initramfs_tools, boots.words("panic= root=/dev/vdz9 rootdelay=1")),
        Outcome.EMERGENCY_SHELL,
        "root-device-missing",
        silence=20,
    ),
    Fault("initrd-absent-arm64", ARM64, (initrds.no_initrd,), NO_ROOT, "initrd-missing"),
    Fault("initrd-absent-s390x", S390X, (initrds.no_initrd,), NO_ROOT, "initrd-missing"),
    Fault(
        "initrd-cut-gzip-arm64", ARM64, (initrds.cut(0.5, initrds.gzipped),), NO_ROOT, "initrd-truncated", sample=True
    ),
    Fault("initrd-cut-gzip-armhf", ARMHF, (initrds.cut(0.5, initrds.gzipped),), NO_ROOT, "initrd-truncated"),
    Fault("initrd-cut-riscv64", RISCV64, (initrds.cut(0.6),), NO_ROOT, "initrd-truncated"),
    Fault("initrd-of-zeros", ARM64, (initrds.bytes_instead(bytes(1 << 20)),), NO_ROOT, "initrd-garbage"),
    Fault("initrd-of-text", MICROVM, (initrds.bytes_instead(b"404 Not Found\n" * 99),), NO_ROOT, "initrd-garbage"),
    Fault("initrd-damaged", ARM64, (initrds.damaged(0.5),), NO_ROOT, "initrd-garbage"),
    Fault(
        "initrd-xz-check-unknown",
        ARM64,
        (initrds.packed(initrds.xz_of_the_wrong_check),),
        NO_ROOT,
        "initrd-format-unsupported",
    ),
    Fault(
        "initrd-too-big-arm64",
        ARM64,
        (boots.target(machine={"memory": 128}), initrds.filled(72)),
        None,  # QEMU has no place for it
        "initrd-too-big",
    ),
    Fault("initrd-too-big-unpacked", ARM64, (initrds.filled(112),), NO_ROOT, "initrd-too-big"),
    Fault("init-missing-arm64", ARM64, (initrds.lacking("init"),), NO_ROOT, "init-missing", sample=True),
    Fault("init-missing-armhf", ARMHF, (initrds.lacking("init"),), NO_ROOT, "init-missing"),
    Fault("init-not-executable-arm64", ARM64, (initrds.with_mode("init", 0o644),), SHELL, "init-not-executable"),
    Fault(
        "init-not-executable-alone",
        MICROVM,
        (initrds.with_mode("init", 0o644), initrds.lacking("bin/sh")),
        DEAD,
        "init-not-executable",
    ),
    Fault("init-interpreter-missing", ARM64, (initrds.lacking("bin/busybox"),), DEAD, "init-interpreter-missing"),
    Fault(
        "init-wrong-arch-x86_64",
        MICROVM,
        (initrds.program("init", elfs.AARCH64),),
        SHELL,
        "init-wrong-arch",
        sample=True,
    ),
    Fault(
        "init-wrong-arch-riscv64",
        RISCV64,
        (initrds.program("init", elfs.AARCH64), initrds.lacking("bin/sh")),
        DEAD,
        "init-wrong-arch",
    ),
    Fault("init-empty", ARM64, (initrds.program("init", b""),), SHELL, "init-not-executable"),
)
