"""A small arm64 virt machine whose kernel has just what it needs: facts for the tests of preflight and of causes."""

from __future__ import annotations

from typing import Any

from harness.image.contents import Contents, Program
from harness.preflight.facts import Facts
from harness.preflight.knowledge import read_knowledge

CONFIG = """
TTY SERIAL_AMBA_PL011 SERIAL_AMBA_PL011_CONSOLE OF ARM_GIC ARM_ARCH_TIMER ARM_PSCI_FW BLK_DEV_INITRD RD_ZSTD BINFMT_ELF
BINFMT_SCRIPT DEVTMPFS PROC_FS SYSFS PRINTK PROC_SYSCTL UNIX98_PTYS NET INET PACKET UNIX BLOCK PCI VIRTIO_PCI VIRTIO_BLK
PCI_HOST_GENERIC NETDEVICES VIRTIO_NET MODULES SMP"""

# A script as init, and busybox behind its shell.
PROGRAMS = {"init": Program("script", interpreter="/bin/sh"), "bin/busybox": Program("elf", "arm64")}
INITRD = Contents(
    forms=("zstd",), packed=1 << 20, unpacked=2 << 20, complete=True, programs=PROGRAMS, links={"bin/sh": "busybox"}
)


def facts_of(**fields: Any) -> Facts:
    """The machine's facts; `target` and `config` have to be among the fields, others are as it has them."""
    usual: dict[str, Any] = {
        "knowledge": read_knowledge(),
        "release": "6.1.0",
        "cmdline": ("console=ttyAMA0", "panic=0"),
        "devices": ("virtio-blk-pci", "virtio-net-pci"),
        "buses": ("virtio",),
        "initrd": INITRD,
    }
    return Facts(**(usual | fields))
