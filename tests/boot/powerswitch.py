"""A board's power switch, as a lab would have one: `powerswitch.py on|off FOLDER`. The board is a QEMU with no monitor.

It boots what the environment names, with its console on the serial adapter's socket in FOLDER.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path


def on(folder: Path) -> None:
    """Switch on: start it and leave it alone."""
    told = os.environ
    qemu = subprocess.Popen(
        [
            *("qemu-system-aarch64", "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none"),
            *("-machine", "virt", "-cpu", "cortex-a57", "-accel", "tcg", "-m", "256M", "-no-reboot"),
            *("-kernel", told["BOOTMATRIX_KERNEL"], "-initrd", told["BOOTMATRIX_INITRD"]),
            *("-append", told["BOOTMATRIX_CMDLINE"]),
            *("-chardev", f"socket,id=console,path={folder}/console.sock", "-serial", "chardev:console"),
            *("-blockdev", f"driver=file,node-name=disk,filename={told['BOOTMATRIX_FOLDER']}/disk0.raw"),
            *("-device", "virtio-blk-pci,drive=disk"),
            *("-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "board.stderr").open("wb"),
        start_new_session=True,
    )
    (folder / "board.pid").write_text(str(qemu.pid))


def off(folder: Path) -> None:
    """Switch off, if it is on."""
    pid_file = folder / "board.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text())
        try:
            watch = os.pidfd_open(pid)
        except ProcessLookupError:
            pass
        else:
            signal.pidfd_send_signal(watch, signal.SIGKILL)
            os.close(watch)
        pid_file.unlink()


if __name__ == "__main__":
    {"on": on, "off": off}[sys.argv[1]](Path(sys.argv[2]))
