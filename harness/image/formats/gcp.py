"""`gcp`: a disk for Google Compute Engine, as it imports them: a gzipped tar of one file, `disk.raw`, of whole GiB."""

from __future__ import annotations

import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.image.entries import CHUNK
from harness.image.gzipped import gzipped
from harness.image.media.disks import usual_disk
from harness.image.rootfs import EPOCH
from harness.image.writing import Job, created

NAME = "gcp"
ABOUT = "a disk for Google Compute Engine: BIOS and UEFI on x86_64, UEFI on arm64"
_GIB = 1 << 30
_MEMBER = "disk.raw"
_END = 3 * tarfile.BLOCKSIZE  # the header, and two empty blocks behind the disk


def write(job: Job) -> list[Path]:
    """NAME.img.tar.gz."""
    path = job.path(".img.tar.gz")
    with TemporaryDirectory(prefix="gcp-", dir=job.folder) as work:
        raw = Path(work) / _MEMBER
        usual_disk(job, NAME, raw, unit=_GIB)
        with created(path) as out, gzipped(out) as packed, raw.open("rb") as disk:
            packed.write(_header(raw.stat().st_size))
            while piece := disk.read(CHUNK):
                packed.write(piece)
            end = raw.stat().st_size + _END
            packed.write(bytes(2 * tarfile.BLOCKSIZE + -end % tarfile.RECORDSIZE))
    return [path]


def _header(size: int) -> bytes:
    """The member's header in the old GNU form, which is the one that Google's import asks for."""
    info = tarfile.TarInfo(_MEMBER)
    info.size, info.mtime, info.mode = size, EPOCH, 0o644
    return info.tobuf(tarfile.GNU_FORMAT)
