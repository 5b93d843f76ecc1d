"""Inits that start and come to grief, or make the kernel do so."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import ARM64, ARMHF, MICROVM, PC, RISCV64, S390X, Fault
from tests.faults.corpus.ways import boots, elfs, initrds
from tests.faults.corpus.ways.hands import RUNS, told

PANIC = Outcome.KERNEL_PANIC
# On some releases the crash by SysRq is a panic at once, on others a null pointer first.
CRASH = (Outcome.OOPS,)
# A program that never sleeps, with a priority above the kernel's own threads.
HOG = "echo -1 >/proc/sys/kernel/sched_rt_runtime_us\nwhile :; do ls / >/dev/null; done &\nsleep 0.1\nexec /hog\n"
STALL = "rcupdate.rcu_cpu_stall_timeout=3"

FAULTS = (
    Fault("init-exits-arm64", ARM64, (initrds.init("exit 3\n"),), Outcome.INIT_DIED, "init-exited", sample=True),
    Fault("init-exits-s390x", S390X, (initrds.init("nosuchprogram\n"),), Outcome.INIT_DIED, "init-exited"),
    Fault("init-killed-arm64", ARM64, (initrds.program("init", elfs.AARCH64),), Outcome.INIT_DIED, "init-killed"),
    Fault("init-killed-x86_64", MICROVM, (initrds.program("init", elfs.X86_64),), Outcome.INIT_DIED, "init-killed"),
    Fault("init-reboots", ARM64, (initrds.init("reboot -f\n"),), Outcome.RESET_LOOP, "guest-reset"),
    Fault("init-powers-off", RISCV64, (initrds.init("poweroff -f\n"),), Outcome.POWERED_OFF, "guest-powered-off"),
    Fault(
        "panic-by-sysrq-arm64",
        ARM64,
        (initrds.init("echo c >/proc/sysrq-trigger\n"),),
        PANIC,
        "panic-requested",
        also=CRASH,
    ),
    Fault(
        "panic-by-sysrq-armhf",
        ARMHF,
        (initrds.init("echo c >/proc/sysrq-trigger\n"),),
        PANIC,
        "panic-requested",
        also=CRASH,
        sample=True,
    ),
    Fault(
        "panic-and-reset",
        MICROVM,
        (boots.words("panic=-1"), initrds.init("echo c >/proc/sysrq-trigger\n")),
        PANIC,
        "panic-requested",
        also=CRASH,
    ),
    Fault(
        "panic-by-nmi",
        PC,
        (boots.words("unknown_nmi_panic"), initrds.init("sleep 60\n"), told("inject-nmi", after=RUNS)),
        PANIC,
        "panic-requested",
    ),
    Fault(
        "rcu-stall-arm64",
        ARM64,
        (boots.words(STALL), initrds.program("hog", elfs.AARCH64_HOG), initrds.init(HOG)),
        Outcome.RCU_STALL,
        "rcu-stall",
        silence=15,
    ),
    Fault(
        "rcu-stall-x86_64",
        MICROVM,
        (boots.words(STALL), initrds.program("hog", elfs.X86_64_HOG), initrds.init(HOG)),
        Outcome.RCU_STALL,
        "rcu-stall",
        silence=15,
    ),
    Fault(
        "guest-out-of-memory-arm64",
        ARM64,
        (boots.target(machine={"memory": 160}), initrds.init("tail /dev/zero\nsleep 60\n")),
        Outcome.OOM,
        "guest-out-of-memory",
        silence=15,
    ),
    Fault(
        "guest-out-of-memory-x86_64",
        MICROVM,
        (initrds.init("mount -t tmpfs -o size=99% t /tmp\ndd if=/dev/zero of=/tmp/all bs=1M\nsleep 60\n"),),
        Outcome.OOM,
        "guest-out-of-memory",
        silence=15,
    ),
    Fault("init-waits-arm64", ARM64, (initrds.init("sleep 600\n"),), Outcome.HANG, "", sample=True),
    Fault("init-spins-x86_64", MICROVM, (initrds.init("while :; do :; done\n"),), Outcome.HANG, ""),
)
