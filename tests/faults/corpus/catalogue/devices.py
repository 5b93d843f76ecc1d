"""Devices of a cell of ours: not there, without their driver, gone while the machine runs, or not answering."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import ARM64, MICROVM, PC, RISCV64, S390X, Fault
from tests.faults.corpus.ways import boots, initrds
from tests.faults.corpus.ways.hands import KERNEL, told
from tests.faults.corpus.ways.media import no_disk, ours

FAILED = Outcome.SERVICE_FAILED
# Our init waits 20 s for a device before it says that there is none.
PATIENT = 30.0
BACKEND = "/machine/peripheral/dev-disk0/virtio-backend"
HANGS = (
    "echo 2 >/proc/sys/kernel/hung_task_timeout_secs\nmodprobe -a virtio_pci virtio_blk\n"
    "while ! [ -b /dev/vda ]; do sleep 0.1; done\necho bootmatrix: throttle\nsleep 1\n"
    "dd if=/dev/zero of=/dev/vda bs=1M count=4 conv=fsync &\nsleep 600\n"
)

FAULTS = (
    Fault(
        "disk-driver-forgotten-arm64",
        ARM64,
        (boots.drivers("virtio_pci", "virtio_net"),),
        FAILED,
        "driver-missing",
        silence=PATIENT,
    ),
    Fault(
        "nic-driver-forgotten-x86_64",
        MICROVM,
        (boots.drivers("virtio_mmio", "virtio_blk"),),
        FAILED,
        "driver-missing",
        silence=PATIENT,
    ),
    Fault(
        "modules-absent-arm64", ARM64, (ours(initrds.lacking("lib/modules")),), FAILED, "driver-missing", sample=True
    ),
    Fault("modules-absent-riscv64", RISCV64, (ours(initrds.lacking("lib/modules")),), FAILED, "driver-missing"),
    Fault("modules-of-another-kernel", ARM64, (ours(initrds.vermagic(b"6.1.0", b"6.0.9")),), FAILED, "driver-missing"),
    Fault("disk-absent-arm64", ARM64, (no_disk,), FAILED, "device-absent", silence=PATIENT),
    Fault("disk-on-another-bus", ARM64, (boots.disk_bus("scsi"),), FAILED, "driver-missing", silence=PATIENT),
    Fault(
        "disk-unplugged-s390x",
        S390X,
        (told("device_del", after=KERNEL, id="dev-disk0"),),
        FAILED,
        "device-absent",
        silence=PATIENT,
    ),
    Fault(
        "nic-link-down-arm64",
        ARM64,
        (told("set_link", name="net0", up=False),),
        FAILED,
        "network-down",
        silence=PATIENT,
    ),
    Fault(
        "disk-stalls-arm64",
        ARM64,
        (
            ours(initrds.init(HANGS)),
            told(
                "block_set_io_throttle",
                after=b"bootmatrix: throttle",
                id=BACKEND,
                bps=1,
                bps_rd=0,
                bps_wr=0,
                iops=0,
                iops_rd=0,
                iops_wr=0,
            ),
        ),
        Outcome.HUNG_TASK,
        "hung-task",
        silence=20,
    ),
    Fault(
        "channel-is-not-there",
        ARM64,
        (boots.target(console={"channel": "ttyAMA7"}),),
        FAILED,
        "service-died",
        silence=PATIENT,
    ),
    Fault(
        "disk-is-empty",
        PC,
        (boots.disk(bytes(1 << 20)),),
        Outcome.FIRMWARE_FAILURE,
        "no-boot-device",
        silence=10,
    ),
)
