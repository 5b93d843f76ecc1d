"""The root file system: each cause, and what is close to it and is none."""

from __future__ import annotations

from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, Bench, initrd_with

NOT_OPENED = 'VFS: Cannot open root device "vda" or unknown-block(0,0): error -6'
PANIC = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"
LISTED = ("fe00           65536 vda", "driver: virtio_blk", "fe01           65535 vda1 0001-01")
MODULE = "lib/modules/6.1.0/kernel/drivers/block/virtio_blk.ko"
ROOT_VDA = ("console=ttyAMA0", "root=/dev/vda")


def test_a_driver_that_is_not_set(bench: Bench) -> None:
    facts = bench.facts(drop="VIRTIO_BLK", cmdline=ROOT_VDA, initrd=None)
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, NOT_OPENED, PANIC, facts=facts)
    assert cause
    assert (cause.id, cause.next) == (
        "root-driver-missing",
        "set CONFIG_VIRTIO_BLK=y, or hand over an initrd that has the module",
    )
    assert "CONFIG_VIRTIO_BLK is not set" in cause.evidence
    assert NOT_OPENED in cause.evidence


def test_a_driver_that_is_a_module_without_an_initrd(bench: Bench) -> None:
    facts = bench.facts(modules="VIRTIO_PCI", cmdline=ROOT_VDA, initrd=None)
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, NOT_OPENED, PANIC, facts=facts)
    assert cause
    assert cause.id == "root-driver-missing"
    assert "CONFIG_VIRTIO_PCI" in cause.text


def test_it_waits_for_ever_for_a_device_without_driver(bench: Bench) -> None:
    facts = bench.facts(drop="VIRTIO_BLK", cmdline=(*ROOT_VDA, "rootwait"), initrd=None)
    assert bench.id(Outcome.HANG, BANNER, "Waiting for root device /dev/vda...", facts=facts) == "root-driver-missing"


def test_the_driver_is_no_cause_where_the_disk_was_seen(bench: Bench) -> None:
    """vda9 of a disk that the kernel lists takes no more than another number."""
    facts = bench.facts(modules="VIRTIO_PCI", cmdline=("root=/dev/vda9",), initrd=None)
    line = 'VFS: Cannot open root device "vda9" or unknown-block(254,9): error -6'
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, line, *LISTED, PANIC, facts=facts)
    assert cause
    assert cause.id == "root-device-missing"
    assert cause.text == "root=/dev/vda9 names a device that does not exist; the kernel sees vda, vda1"
    assert cause.next == "name one of vda, vda1 in root="


def test_a_panic_is_enough(bench: Bench) -> None:
    panic = 'Kernel panic - not syncing: VFS: Unable to mount root fs on "/dev/vda" or unknown-block(0,0)'
    facts = bench.facts(cmdline=ROOT_VDA, initrd=None)
    assert bench.id(Outcome.NO_ROOTFS, BANNER, panic, facts=facts) == "root-device-missing"


def test_a_machine_without_the_disk(bench: Bench) -> None:
    facts = bench.facts(drop="VIRTIO_BLK", cmdline=ROOT_VDA, initrd=None, devices=(), buses=())
    assert bench.id(Outcome.NO_ROOTFS, BANNER, NOT_OPENED, PANIC, facts=facts) == "root-device-missing"


def test_an_initrd_that_was_put_aside(bench: Bench) -> None:
    facts = bench.facts(modules="VIRTIO_BLK", cmdline=(*ROOT_VDA, "rdinit=/none"))
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, NOT_OPENED, PANIC, facts=facts)
    assert cause
    assert cause.id == "root-driver-missing"
    assert "nothing can load a module yet" in cause.text
    loaded = bench.facts(modules="VIRTIO_BLK", cmdline=("root=/dev/vdb",), initrd=initrd_with(modules=(MODULE,)))
    alert = "ALERT!  /dev/vdb does not exist.  Dropping to a shell!"
    assert bench.id(Outcome.EMERGENCY_SHELL, BANNER, alert, facts=loaded) == "root-device-missing"


def test_the_devices_are_those_that_attached_where_no_list_was_printed(bench: Bench) -> None:
    facts = bench.facts(cmdline=("root=/dev/sda1", "rootwait"), initrd=None)
    cause = bench.cause(
        Outcome.HANG,
        BANNER,
        "virtio_blk virtio0: [vda] 131072 512-byte logical blocks (67.1 MB/64.0 MiB)",
        "loop0: detected capacity change",
        "Waiting for root device /dev/sda1...",
        facts=facts,
    )
    assert cause
    assert cause.id == "root-driver-missing"  # sd needs BLK_DEV_SD, which this kernel has not
    facts = bench.facts(cmdline=("root=/dev/vdb", "rootwait"), initrd=None)
    cause = bench.cause(
        Outcome.HANG,
        BANNER,
        "virtio_blk virtio0: [vda] 131072 512-byte logical blocks (67.1 MB/64.0 MiB)",
        "Waiting for root device /dev/vdb...",
        facts=facts,
    )
    assert cause
    assert cause.text == "root=/dev/vdb names a device that does not exist; the kernel sees vda"


def test_waiting_that_ended_well_is_no_cause(bench: Bench) -> None:
    facts = bench.facts(cmdline=("root=/dev/vda", "rootwait"), initrd=None)
    mounted = "VFS: Mounted root (ext4 filesystem) readonly on device 254:0."
    assert bench.id(Outcome.HANG, BANNER, "Waiting for root device /dev/vda...", mounted, facts=facts) is None


def test_an_initrd_that_gave_up(bench: Bench) -> None:
    facts = bench.facts(cmdline=("root=UUID=1234",))
    alert = "ALERT!  UUID=1234 does not exist.  Dropping to a shell!"
    assert bench.id(Outcome.EMERGENCY_SHELL, BANNER, alert, facts=facts) == "root-device-missing"


def test_no_file_system_takes_the_device(bench: Bench) -> None:
    facts = bench.facts(cmdline=ROOT_VDA, initrd=None)
    panic = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(254,0)"
    tried = ("No filesystem could mount root, tried:", "ext3", "ext4")
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, *LISTED, *tried, panic, facts=facts)
    assert cause
    assert cause.id == "root-filesystem-unknown"
    assert cause.text.endswith("root device /dev/vda; it has ext3, ext4")


def test_the_symbol_of_a_file_system_that_is_named(bench: Bench) -> None:
    facts = bench.facts(drop="EXT4_FS", cmdline=(*ROOT_VDA, "rootfstype=ext4"), initrd=None)
    panic = 'Kernel panic - not syncing: VFS: Unable to mount root fs on "/dev/vda" or unknown-block(254,0)'
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, panic, facts=facts)
    assert cause
    assert (cause.id, cause.next) == ("root-filesystem-unknown", "set CONFIG_EXT4_FS=y")


def test_a_file_system_that_the_kernel_has_not(bench: Bench) -> None:
    line = 'VFS: Cannot open root device "/dev/vda" or unknown-block(254,0): error -19'
    panic = 'Kernel panic - not syncing: VFS: Unable to mount root fs on "/dev/vda" or unknown-block(254,0)'
    facts = bench.facts(cmdline=(*ROOT_VDA, "rootfstype=btrfs"), initrd=None)
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, line, *LISTED, panic, facts=facts)
    assert cause
    assert (cause.id, cause.next) == ("root-filesystem-unknown", "set CONFIG_BTRFS_FS=y")


def test_no_root_named_on_a_machine_with_a_disk(bench: Bench) -> None:
    facts = bench.facts(initrd=None, ours=False)
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, *LISTED, PANIC, facts=facts)
    assert cause
    assert (cause.id, cause.next) == ("no-root-named", "add root=/dev/vda to the command line")


def test_another_panic_is_not_for_want_of_a_root(bench: Bench) -> None:
    facts = bench.facts(initrd=None, ours=False)
    assert bench.id(Outcome.KERNEL_PANIC, BANNER, "Kernel panic - not syncing: VFS: no", facts=facts) is None


def test_no_driver_is_claimed_of_a_kernel_that_nobody_knows(bench: Bench) -> None:
    facts = bench.facts(config=None, cmdline=ROOT_VDA, initrd=None)
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, NOT_OPENED, PANIC, facts=facts)
    assert cause
    assert cause.id == "root-device-missing"
    assert "the machine has virtio-blk-pci, virtio-net-pci" in cause.evidence


def test_a_root_is_none_of_a_boot_with_an_initrd(bench: Bench) -> None:
    assert bench.id(Outcome.NO_ROOTFS, BANNER, *LISTED, PANIC, facts=bench.facts(ours=False)) != "no-root-named"


def test_a_default_of_the_architecture_names_no_root(bench: Bench) -> None:
    panic = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(1,0)"
    none = bench.facts(initrd=None)
    assert bench.id(Outcome.NO_ROOTFS, BANNER, panic, facts=none) == "initrd-missing"
    named = bench.facts(initrd=None, cmdline=("root=/dev/ram0",))
    assert bench.id(Outcome.NO_ROOTFS, BANNER, panic, facts=named) == "root-filesystem-unknown"
