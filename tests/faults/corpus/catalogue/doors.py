"""Doors that do not open: firmware that finds nothing, loaders that lack a file, servers that do not answer."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import ARM64, KVM, UEFI, Fault
from tests.faults.corpus.ways import doors

FIRMWARE, LOADER = Outcome.FIRMWARE_FAILURE, Outcome.BOOTLOADER_FAILURE
BIOS, LEGACY, OVMF = "x86_64-baremetal-bios", "x86_64-baremetal-legacy", "x86_64-hyperv-gen2"
GRAVITON = "arm64-cloud-graviton"
PATIENT = 20.0  # seconds: a firmware that waits for the network says nothing meanwhile

FAULTS = (
    Fault(
        "disk-without-boot-sector",
        BIOS,
        (doors.door("disk"), doors.disk(doors.empty_sector)),
        FIRMWARE,
        "no-boot-device",
        silence=PATIENT,
        sample=True,
    ),
    Fault(
        "vhd-without-boot-sector",
        LEGACY,
        (doors.door("vhd"), doors.disk(doors.empty_sector)),
        FIRMWARE,
        "no-boot-device",
        silence=PATIENT,
    ),
    Fault(
        "gpt-broken-x86_64",
        OVMF,
        (doors.door("disk"), doors.disk(doors.broken_gpt)),
        FIRMWARE,
        "no-boot-device",
        silence=PATIENT,
    ),
    Fault(
        "gpt-broken-arm64",
        UEFI,
        (doors.door("disk"), doors.disk(doors.broken_gpt)),
        FIRMWARE,
        "no-boot-device",
        silence=PATIENT,
        sample=True,
    ),
    Fault(
        "iso-of-another-arch-x86_64",
        OVMF,
        (doors.door("iso"), doors.iso_of(UEFI)),
        FIRMWARE,
        "no-boot-device",
        silence=PATIENT,
    ),
    Fault(
        "iso-of-another-arch-arm64",
        UEFI,
        (doors.door("iso"), doors.iso_of(OVMF)),
        FIRMWARE,
        "no-boot-device",
        silence=PATIENT,
    ),
    Fault(
        "iso-of-another-arch-bios",
        BIOS,
        (doors.door("iso"), doors.iso_of(UEFI)),
        FIRMWARE,
        "no-boot-device",
        silence=PATIENT,
    ),
    Fault(
        "grub-without-kernel",
        BIOS,
        (doors.door("disk"), doors.disk(doors.without("boot/kernel"))),
        LOADER,
        "loader-file-missing",
        silence=PATIENT,
        sample=True,
    ),
    Fault(
        "grub-kernel-is-none",
        BIOS,
        (doors.door("disk"), doors.disk(doors.overwritten("boot/kernel", b"no kernel" * 999))),
        LOADER,
        "not-a-kernel",
        silence=PATIENT,
    ),
    Fault(
        "pxe-server-silent-bios",
        KVM,
        (doors.door("network"), doors.network(doors.silent_server)),
        FIRMWARE,
        "netboot-no-answer",
        silence=PATIENT,
    ),
    Fault(
        "pxe-unplugged-bios",
        KVM,
        (doors.door("network"), doors.unplugged),
        FIRMWARE,
        "netboot-no-answer",
        silence=PATIENT,
        sample=True,
    ),
    Fault(
        "pxe-unplugged-arm64",
        GRAVITON,
        (doors.door("network"), doors.unplugged),
        FIRMWARE,
        "netboot-no-answer",
        silence=PATIENT,
    ),
    Fault(
        "pxe-file-missing-bios",
        KVM,
        (doors.door("network"), doors.network(doors.lost_file)),
        FIRMWARE,
        "netboot-file-missing",
        silence=PATIENT,
    ),
    Fault(
        "pxe-file-missing-arm64",
        GRAVITON,
        (doors.door("network"), doors.network(doors.lost_file)),
        FIRMWARE,
        "netboot-file-missing",
        silence=120,
        deadline=300,
    ),
    Fault(
        "http-kernel-missing",
        KVM,
        (doors.door("http"), doors.network(doors.lost_kernel)),
        FIRMWARE,
        "netboot-file-missing",
        silence=PATIENT,
    ),
    Fault(
        "uboot-kernel-missing",
        ARM64,
        (doors.door("uboot"), doors.disk(doors.without("kernel"))),
        LOADER,
        "loader-file-missing",
        silence=PATIENT,
        sample=True,
    ),
    Fault(
        "uboot-kernel-is-none",
        ARM64,
        (doors.door("uboot"), doors.disk(doors.overwritten("kernel", b"no kernel" * 999))),
        LOADER,
        "not-a-kernel",
        silence=PATIENT,
    ),
    Fault(
        "uboot-tftp-kernel-missing",
        ARM64,
        (doors.door("uboot-tftp"), doors.network(doors.lost_kernel)),
        LOADER,
        "netboot-file-missing",
        silence=PATIENT,
    ),
    Fault(
        "uboot-unplugged",
        ARM64,
        (doors.door("uboot-tftp"), doors.unplugged),
        LOADER,
        "netboot-no-answer",
        silence=PATIENT,
    ),
)
