"""`kernel+initrd`: the kernel, its command line, and all the rest as an initramfs. LinuxKit's names of the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import InputError
from harness.image import cpio
from harness.image.entries import Entry
from harness.image.fits import refuse_too_large
from harness.image.gzipped import gzipped
from harness.image.kernelimage import CMDLINE, KERNEL, UCODE
from harness.image.writing import Job, created

NAME = "kernel+initrd"
ABOUT = "the kernel, its command line and an initrd, each a file"
_PARTS = ((KERNEL, "-kernel"), (CMDLINE, "-cmdline"))


def write(job: Job) -> list[Path]:
    """NAME-kernel, NAME-cmdline and NAME-initrd.img. The microcode, if any, is the initrd's beginning."""
    boot = {entry.path: entry for entry in job.entries if entry.path in (KERNEL, CMDLINE, UCODE)}
    if KERNEL not in boot:
        raise InputError(f"{NAME} needs a kernel, and the image has none", hint="add kernel: {image: ...} or use tar")
    written = []
    for name, suffix in _PARTS:
        path = job.path(suffix)
        with created(path) as out:
            _copy(boot[name], out)
        written.append(path)
    path = job.path("-initrd.img")
    with created(path) as out:
        unpacked = write_initrd([entry for entry in job.entries if entry.path not in boot], out, boot.get(UCODE))
    refuse_too_large(boot[KERNEL].size, path.stat().st_size, unpacked, job.memory)
    return [*written, path]


def write_initrd(entries: Sequence[Entry], out: cpio.Sink, ucode: Entry | None = None) -> int:
    """The initramfs; returns the bytes that it unpacks to. Microcode comes first and is not compressed."""
    if ucode is not None:
        _copy(ucode, out)
        out.write(b"\0" * (-ucode.size % 4))
    with gzipped(out) as packed:  # type: ignore[arg-type]
        return cpio.write_ordered(entries, packed)


def _copy(entry: Entry, out: cpio.Sink) -> None:
    assert entry.content is not None  # noqa: S101 -- they are files
    for chunk in entry.content.chunks():
        out.write(chunk)
