"""Disk images of hypervisors out of raw ones, by qemu-img."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from harness.image.media import vhd, vhdx, vmdk
from harness.image.media.identity import digest_of
from harness.image.media.tools import run
from harness.image.writing import Job


class RawDisk(Protocol):
    """What writes a raw disk: a function of `disks.py`."""

    def __call__(self, job: Job, form: str, path: Path, /) -> None: ...


@dataclass(frozen=True, slots=True)
class DiskFormat:
    """QEMU's `driver` for it, and its `options` (`NAME=value`).

    `settle` gets the file and a digest of the disk: it gives fixed values to what qemu-img takes from chance or clock.
    """

    name: str
    driver: str
    options: tuple[str, ...] = ()
    settle: Callable[[Path, str], None] | None = None


RAW = DiskFormat("raw", "raw")
QCOW2 = DiskFormat("qcow2", "qcow2")
VHD = DiskFormat("vhd", "vpc", ("subformat=fixed", "force_size=on"), vhd.settle)
VHDX = DiskFormat("vhdx", "vhdx", settle=vhdx.settle)
VMDK = DiskFormat("vmdk", "vmdk", settle=vmdk.settle)


def write_converted(job: Job, form: str, path: Path, disk: RawDisk, into: DiskFormat) -> None:
    """Write `disk` in another format."""
    with TemporaryDirectory(prefix="convert-", dir=job.folder) as work:
        raw = Path(work) / "disk.img"
        disk(job, form, raw)
        convert(raw, path, into)


def convert(raw: Path, path: Path, into: DiskFormat) -> None:
    """Write a raw disk in another format; the same disk gives the same bytes."""
    words = [word for option in into.options for word in ("-o", option)]
    run("qemu-img", "convert", "-f", "raw", "-O", into.driver, *words, raw, path)
    if into.settle is not None:
        into.settle(path, digest_of(raw))
