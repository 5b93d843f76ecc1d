"""Each fault ends in its own outcome, with the evidence in the cause: never in a mere timeout, never in a pass."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.boot.conftest import Ended
from tests.faults.conftest import prepared

FAST = "arm64-cloud-virt"
BUSYBOX = "#!/bin/busybox sh\n/bin/busybox mount -t proc proc /proc\n"


@pytest.mark.parametrize(
    ("init", "outcome", "cause"),
    [
        (BUSYBOX + "exit 3\n", "init-died", r"Attempted to kill init! exitcode=0x00000300"),
        (BUSYBOX + "/bin/busybox reboot -f\n", "reset-loop", r"guest-reset"),
        (BUSYBOX + "/bin/busybox poweroff -f\n", "powered-off", r"switched itself off"),
        (BUSYBOX + "echo c >/proc/sysrq-trigger\n", "oops", r"NULL pointer|Oops|sysrq"),
        (BUSYBOX + "while :; do :; done\n", "hang", r"the last line was .*Run /init"),
    ],
    ids=["init exits", "reboots", "powers off", "crashes", "hangs"],
)
def test_a_broken_init(boot_broken: Callable[..., Ended], init: str, outcome: str, cause: str) -> None:
    ended = boot_broken(FAST, init, "--timeout", "10") if outcome == "hang" else boot_broken(FAST, init)
    assert ended.status == 1, ended.stderr
    cell = ended.cell
    if outcome == "oops":  # the crash is a panic by order, or an oops first, as the kernel's version has it
        assert cell["outcome"] in {"oops", "kernel-panic"}
    else:
        assert cell["outcome"] == outcome
    assert re.search(cause, cell["cause"]), cell["cause"]
    assert "ready" in cell["missing"]


def test_no_initrd_and_no_root(bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    files = prepared(FAST, tmp_path / "files")
    ended = bootmatrix("boot", "--target", FAST, "--kernel", str(files.media.kernel))
    assert ended.status == 1
    assert ended.cell["outcome"] == "no-rootfs"
    assert "Unable to mount root fs" in ended.cell["cause"]


def _project(tmp_path: Path, target: str) -> Path:
    """A matrix of one target of our own."""
    folder = tmp_path / "targets" / "broken"
    folder.mkdir(parents=True)
    (folder / "target.yml").write_text(target)
    (tmp_path / "matrix.yml").write_text("axes: {target: [broken]}\n")
    return tmp_path


def test_a_kernel_without_the_driver_of_its_console(bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    """The cloud's kernel knows nothing of the Raspberry Pi's UART: it runs, and not a byte is seen of it."""
    cloud = prepared(FAST, tmp_path / "files").media
    ended = bootmatrix("boot", "--target", "raspi3b", "--kernel", str(cloud.kernel), "--timeout", "8")
    assert ended.status == 1, ended.stderr
    assert ended.cell["outcome"] == "no-output"
    assert "the console stayed empty" in ended.cell["cause"]
    assert (ended.run_dir / ended.cell["console"]).read_bytes() == b""


def test_a_driver_that_the_target_forgot(bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    """Without its driver the disk is not there: the step says so, and later steps do not make it good."""
    project = _project(tmp_path, f"extends: {FAST}\ndrivers: [virtio_pci, virtio_net]\n")
    refused = bootmatrix("run", "broken", cwd=project)
    assert refused.status == 1, refused.stderr
    assert "CONFIG_VIRTIO_BLK" in refused.cell["cause"]
    ended = bootmatrix("run", "broken", "--no-preflight", cwd=project)
    assert ended.status == 1, ended.stderr
    assert ended.cell["outcome"] == "service-failed"
    assert "; disk0 failed:" in ended.cell["cause"]
    assert ended.cell["diagnosis"]["id"] == "driver-missing"


def test_a_driver_that_the_kernel_does_not_have(bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    project = _project(tmp_path, f"extends: {FAST}\ndrivers: [virtio_blkk]\n")
    ended = bootmatrix("run", "broken", cwd=project)
    assert ended.status == 3
    assert ended.cell["verdict"] == "error"
    assert "virtio_blkk" in ended.cell["cause"]
    assert "virtio_blk" in ended.cell["cause"].replace("virtio_blkk", "")


def test_a_panic_is_told_by_pvpanic_too(boot_broken: Callable[..., Ended]) -> None:
    """The machine's own word: QMP's GUEST_PANICKED stands in the record beside the console's line."""
    init = BUSYBOX + "/bin/busybox modprobe pvpanic-mmio\nexit 3\n"
    ended = boot_broken("x86_64-cloud-kvm", init)
    assert ended.cell["outcome"] == "init-died"
    (log,) = (ended.run_dir / "console").glob("*.jsonl")
    assert "GUEST_PANICKED" in {json.loads(line).get("kind") for line in log.open()}


def test_a_disk_with_nothing_on_it(bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    """The firmware finds nothing to boot and says so; the user's image stays as it was."""
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(1 << 20))
    ended = bootmatrix("boot", "--target", "x86_64-baremetal-bios", "--disk", str(disk), "--timeout", "60")
    assert ended.status == 1, ended.stderr
    assert ended.cell["outcome"] == "firmware-failure"
    assert ended.cell["cause"].endswith("; No bootable device.")
    assert ended.cell["diagnosis"]["id"] == "no-boot-device"
    assert disk.read_bytes() == bytes(1 << 20)
