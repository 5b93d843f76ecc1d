"""Every format, built by the command from a YAML, and booted where machines of its kind take it.

.venv/bin/pytest tests/boot/test_formats.py                                     a few of them
BOOTMATRIX_TEST_FORMATS=all .venv/bin/pytest tests/boot/test_formats.py         each, on each architecture it is for
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.image.media.tools import run
from harness.image.writing import formats
from harness.machine.qemu.argv import DiskFile, Media, qemu_argv
from harness.plan.catalog import Catalog, builtin_root
from harness.store import sha256_file
from tests.boot.conftest import ROOT, Ended, bootmatrix_argv
from tests.boot.kernelimage import NAME, kernel_layout

MODULES = ("ahci", "erofs", "nvme", "sd_mod", "squashfs", "virtio_blk", "virtio_pci", "virtio_scsi")
CONSOLES = {"x86_64": "ttyS0,115200n8", "arm64": "ttyAMA0,115200n8"}
UP = r"bootmatrix: step=ready status=0"
CARD = 128 << 20  # bytes; QEMU's SD cards have a power of two


@dataclass(frozen=True)
class Boot:
    """A format on a machine. `medium`: the option of `boot` for its last file; `cheap`: always tried."""

    form: str
    target: str
    medium: str = "disk"
    cheap: bool = False

    @property
    def arch(self) -> str:
        return Catalog(builtin_root()).target(self.target).arch.value

    def __str__(self) -> str:
        return f"{self.form}-{self.target}"


BOOTS = (
    Boot("kernel+initrd", "x86_64-cloud-kvm", "kernel"),
    Boot("kernel+initrd", "arm64-cloud-virt", "kernel"),
    Boot("kernel+squashfs", "x86_64-baremetal-bios", "root"),
    Boot("kernel+squashfs", "arm64-cloud-virt", "root", cheap=True),
    Boot("kernel+erofs", "x86_64-cloud-kvm", "root", cheap=True),
    Boot("kernel+erofs", "arm64-baremetal-uefi", "root"),
    Boot("iso-bios", "x86_64-baremetal-bios", "iso", cheap=True),
    Boot("iso-efi", "x86_64-baremetal-uefi", "iso"),
    Boot("iso-efi", "arm64-baremetal-uefi", "iso", cheap=True),
    Boot("raw-bios", "x86_64-baremetal-bios"),
    Boot("raw-efi", "x86_64-baremetal-uefi"),
    Boot("raw-efi", "arm64-baremetal-uefi"),
    Boot("qcow2-bios", "x86_64-baremetal-bios"),
    Boot("qcow2-efi", "x86_64-baremetal-uefi"),
    Boot("qcow2-efi", "arm64-baremetal-uefi"),
    Boot("vhd", "x86_64-baremetal-legacy"),
    Boot("vhd", "arm64-baremetal-uefi"),
    Boot("vhdx", "x86_64-hyperv-gen2", cheap=True),
    Boot("vhdx", "arm64-baremetal-uefi"),
    Boot("vmdk", "x86_64-cloud-kvm"),
    Boot("vmdk", "arm64-baremetal-uefi"),
    Boot("aws", "x86_64-cloud-nitro"),
    Boot("aws", "x86_64-baremetal-bios"),
    Boot("aws", "arm64-cloud-graviton"),
    Boot("gcp", "x86_64-cloud-scsi", "archive"),
    Boot("gcp", "arm64-baremetal-uefi", "archive"),
    Boot("rpi", "raspi3b", "card"),
)
CHOSEN = [boot for boot in BOOTS if boot.cheap or os.environ.get("BOOTMATRIX_TEST_FORMATS") == "all"]


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Kernel images by architecture, each made once."""
    made: dict[str, Path] = {}

    def layout(arch: str) -> Path:
        if arch not in made:
            made[arch] = kernel_layout(f"{arch}-baremetal-uefi", MODULES, tmp_path_factory.mktemp(arch))
        return made[arch]

    return layout


def test_every_format_that_boots_is_booted() -> None:
    assert {boot.form for boot in BOOTS} == set(formats()) - {"tar"}


@pytest.mark.parametrize("boot", CHOSEN, ids=str)
def test_it_boots(boot: Boot, layouts: Callable[[str], Path], tmp_path: Path, bootmatrix: Callable[..., Ended]) -> None:
    files = built(boot, layouts(boot.arch), tmp_path)
    before = [sha256_file(path) for path in files]
    if boot.medium == "card":
        assert UP.split()[1] in from_card(boot, files[0], tmp_path)
    else:
        ended = bootmatrix("boot", "--target", boot.target, *options(boot, files, tmp_path), "--ready", UP)
        assert ended.status == 0, ended.stdout + ended.stderr
        assert ended.cell["outcome"] == "ready"
        (log,) = (ended.run_dir / "console").glob("*.log")
        found = re.search(r"step=root status=0 .*type=(\w+)", log.read_text(errors="replace"))
        assert (found and f"kernel+{found[1]}") == (boot.form if boot.medium == "root" else None)
    assert [sha256_file(path) for path in files] == before, "the boot has altered its image"


def built(boot: Boot, layout: Path, folder: Path) -> list[Path]:
    """The image's files, as the command names them, without what is told of them."""
    console = CONSOLES[boot.arch] if boot.form != "rpi" else "ttyS1,115200n8"
    (folder / "it.yml").write_text(
        f"kernel: {{image: '{NAME}', cmdline: 'console={console} panic=0'}}\ninit: [container-init]\n"
    )
    words = ("--arch", boot.arch, "--format", boot.form, "--layout", str(layout), "--out", str(folder / "out"))
    done = subprocess.run(
        bootmatrix_argv("image", "build", str(folder / "it.yml"), *words),
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [Path(line) for line in done.stdout.splitlines() if not line.endswith(".spdx.json")]


def options(boot: Boot, files: list[Path], folder: Path) -> list[str]:
    """The options of `boot` that put these files into the machine."""
    if boot.medium == "archive":
        with tarfile.open(files[0]) as archive:
            archive.extract("disk.raw", folder, filter="data")
        return ["--disk", str(folder / "disk.raw")]
    if boot.medium in ("kernel", "root"):
        kernel, _, initrd, *root = files
        disk = ["--disk", str(root[0])] if root else []
        return ["--kernel", str(kernel), "--initrd", str(initrd), *disk]
    return [f"--{boot.medium}", str(files[0])]


def from_card(boot: Boot, card: Path, folder: Path) -> str:
    """Boot an SD card by its own U-Boot, which the board's firmware would start; returns the line that it ends at."""
    for name in ("u-boot.bin", "bcm2837-rpi-3-b.dtb"):
        run("mcopy", "-i", f"{card}@@1M", f"::/{name}", folder / name)
    overlay = folder / "card.qcow2"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", card, overlay, str(CARD))
    media = Media(kernel=folder / "u-boot.bin", dtb=folder / "bcm2837-rpi-3-b.dtb", disks=(DiskFile(overlay, "qcow2"),))
    argv = qemu_argv(Catalog(builtin_root()).target(boot.target), media, accelerator="tcg")
    with console(argv) as lines:
        seen = []
        for line in lines:
            seen.append(line)
            if re.search(UP, line):
                return line
    raise AssertionError("".join(seen)[-2000:])


@contextlib.contextmanager
def console(argv: list[str], patience: float = 400) -> Iterator[Iterator[str]]:
    """A machine's console, line by line, until it is left or `patience` (seconds) ends."""
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=sys.stderr, text=True, errors="replace"
    ) as machine:
        limit = threading.Timer(patience, machine.kill)
        limit.start()
        try:
            assert machine.stdout is not None
            yield iter(machine.stdout)
        finally:
            limit.cancel()
            machine.kill()
