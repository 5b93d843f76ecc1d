"""Disk images of hypervisors out of raw ones, by qemu-img."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from harness.image.media.identity import digest_of
from harness.image.media.tools import run
from harness.image.writing import Job


class RawDisk(Protocol):
    """What writes a raw disk: a function of `disks.py`."""

    def __call__(self, job: Job, form: str, path: Path, /) -> None: ...


def write_converted(
    job: Job,
    form: str,
    path: Path,
    disk: RawDisk,
    driver: str,
    *options: str,
    settle: Callable[[Path, str], None] | None = None,
) -> None:
    """Write `disk` in the format of QEMU's `driver`, with its `options` (`NAME=value`).

    `settle` gets the file and a digest of the disk: it gives fixed values to what qemu-img takes from chance or clock.
    """
    with TemporaryDirectory(prefix="convert-", dir=job.folder) as work:
        raw = Path(work) / "disk.img"
        disk(job, form, raw)
        words = [word for option in options for word in ("-o", option)]
        run("qemu-img", "convert", "-f", "raw", "-O", driver, *words, raw, path)
        if settle is not None:
            settle(path, digest_of(raw))
