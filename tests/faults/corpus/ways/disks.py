"""What is wrong with a disk that firmware is to start."""

from __future__ import annotations

from dataclasses import replace

from harness.image.media.convert import RAW
from harness.image.medium import disk_medium
from harness.store import Store
from tests.faults.corpus.fault import Scene

_SECTOR = 512


def gpt_corrupted(scene: Scene) -> Scene:
    """A disk that would start, less the headers of both of its partition tables."""
    files = scene.files
    words = " ".join(files.cmdline)
    data = bytearray(disk_medium(scene.cell.target, RAW, files.kernel.image, files.initrd, words, Store()).read_bytes())
    for at in (_SECTOR, len(data) - _SECTOR):
        if data[at : at + 8] != b"EFI PART":
            raise ValueError(f"there is no header at {at}")
        data[at + 16] ^= 0xFF  # its checksum
    path = scene.folder / "disk.img"
    path.write_bytes(data)
    return replace(scene, disk=path)
