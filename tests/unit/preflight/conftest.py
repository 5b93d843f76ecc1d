"""A small arm64 virt machine whose kernel has just what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.image.contents import Contents, Program
from harness.plan.target import Target
from harness.preflight.facts import Facts
from harness.preflight.knowledge import read_knowledge

CONFIG = """
TTY SERIAL_AMBA_PL011 SERIAL_AMBA_PL011_CONSOLE OF ARM_GIC ARM_ARCH_TIMER ARM_PSCI_FW BLK_DEV_INITRD RD_ZSTD BINFMT_ELF
BINFMT_SCRIPT DEVTMPFS PROC_FS SYSFS PRINTK PROC_SYSCTL UNIX98_PTYS NET INET PACKET UNIX BLOCK PCI VIRTIO_PCI VIRTIO_BLK
NETDEVICES VIRTIO_NET MODULES SMP"""


@pytest.fixture
def initrd() -> Contents:
    """A script as init, and busybox behind its shell."""
    return Contents(
        forms=("zstd",),
        packed=1 << 20,
        unpacked=2 << 20,
        complete=True,
        programs={"init": Program("script", interpreter="/bin/sh"), "bin/busybox": Program("elf", "arm64")},
        links={"bin/sh": "busybox"},
    )


@pytest.fixture
def facts(target: Callable[..., Target], initrd: Contents) -> Callable[..., Facts]:
    """Facts with some of them changed; `drop` are symbols to leave out, `add` more of them with their values."""

    def make(*, drop: str = "", add: dict[str, str] | None = None, **changes: Any) -> Facts:
        config = {name: "y" for name in CONFIG.split() if name not in drop.split()} | (add or {})
        data: dict[str, Any] = {
            "target": target(),
            "knowledge": read_knowledge(),
            "config": config,
            "release": "6.1.0",
            "cmdline": ("console=ttyAMA0", "panic=0"),
            "devices": ("virtio-blk-pci", "virtio-net-pci"),
            "buses": ("virtio",),
            "initrd": initrd,
            "needs": ("devtmpfs", "proc", "sysfs", "printk", "dhcp"),
        }
        return Facts(**(data | changes))

    return make
