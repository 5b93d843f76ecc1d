"""What every medium carries: the kernel, its command line, and all the rest of the image as an initrd."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from harness.errors import InputError
from harness.image import cpio
from harness.image.entries import Entry
from harness.image.fits import refuse_too_large
from harness.image.gzipped import gzipped
from harness.image.kernelimage import CMDLINE, KERNEL, UCODE
from harness.image.media.identity import digest_of
from harness.image.smallest import smallest
from harness.image.writing import Job, created

BOOT_FILES = (KERNEL, CMDLINE, UCODE)


@dataclass(frozen=True, slots=True)
class Payload:
    """Three files. `folder` is there for more that is made on the way, and goes when the image is complete."""

    folder: Path
    kernel: Path
    cmdline: Path
    initrd: Path
    sign: Callable[[Path], None] | None = None  # an EFI program that is ready, in place

    @property
    def words(self) -> str:
        """The kernel's command line."""
        return self.cmdline.read_text(encoding="utf-8").strip()

    @property
    def digest(self) -> str:
        """Changes whenever one of the three does; identifiers on the medium are made of it."""
        return digest_of(self.kernel, self.cmdline, self.initrd)


@contextmanager
def payload(job: Job, form: str) -> Iterator[Payload]:
    """The payload of a medium in the format `form`, in a folder that lasts as long as the context."""
    with TemporaryDirectory(prefix="payload-", dir=job.folder) as name:
        folder = Path(name)
        made = Payload(folder, folder / "kernel", folder / "cmdline", folder / "initrd.img")
        write_payload(job, form, made)
        yield made


def write_payload(job: Job, form: str, into: Payload) -> None:
    """Write the three files. Raises InputError for an image without a kernel or too large for the machine's memory."""
    boot = write_kernel(job, form, into.kernel, into.cmdline)
    with created(into.initrd) as out:
        rest = [entry for entry in job.entries if entry.path not in boot]
        unpacked = write_initrd(rest, out, boot.get(UCODE), tightly=job.smallest)
    refuse_too_large(boot[KERNEL].size, into.initrd.stat().st_size, unpacked, job.memory)


def write_kernel(job: Job, form: str, kernel: Path, cmdline: Path) -> dict[str, Entry]:
    """Write the two files; returns the entries that are no part of the root file system, by path."""
    boot = {entry.path: entry for entry in job.entries if entry.path in BOOT_FILES}
    if KERNEL not in boot:
        raise InputError(f"{form} needs a kernel, and the image has none", hint="add kernel: {image: ...} or use tar")
    for name, path in ((KERNEL, kernel), (CMDLINE, cmdline)):
        with created(path) as out:
            copy_content(boot[name], out)
    return boot


def write_initrd(entries: Sequence[Entry], out: BinaryIO, ucode: Entry | None = None, *, tightly: bool = False) -> int:
    """The initramfs; returns the bytes that it unpacks to. Microcode comes first and is not compressed."""
    if ucode is not None:
        copy_content(ucode, out)
        out.write(b"\0" * (-ucode.size % 4))
    with (smallest if tightly else gzipped)(out) as packed:
        return cpio.write_ordered(entries, packed)


def copy_content(entry: Entry, out: cpio.Sink) -> None:
    """Write a file's bytes."""
    assert entry.content is not None  # noqa: S101 -- files have it
    for chunk in entry.content.chunks():
        out.write(chunk)
