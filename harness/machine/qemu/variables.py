"""What is set in a machine's own UEFI variables before it is switched on, by virt-firmware."""

from __future__ import annotations

import sys

from harness.image.media.tools import run_argv
from harness.machine.qemu.firmware import Firmware


def start_once_from(firmware: Firmware, uri: str) -> None:
    """BootNext: the next start is by HTTP from this URI. Raises HostError for variables that it cannot read."""
    words = ["--inplace", str(firmware.variables), "--set-boot-uri", uri, "--loglevel", "warning"]
    run_argv([sys.executable, "-I", "-m", "virt.firmware.vars", *words])
