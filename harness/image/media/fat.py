"""FAT file systems, by dosfstools and mtools: no root, no mounting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from harness.errors import InputError
from harness.image.media.identity import digest_of, uuid_of
from harness.image.media.tools import run

MIB = 1 << 20
_LEAST = 8 * MIB
# From here on there are enough clusters for FAT32, which firmware outside of virtual machines wants on a disk.
FAT32_FROM = 64 * MIB
_LARGEST = (1 << 32) - 1
_CLUSTER = 32 << 10  # at most; what the last one of a file leaves unused
_TABLES = 64  # of its size, a FAT's two tables take less than this part with clusters of 512 bytes or more


def fat_size(sizes: list[int], least: int = _LEAST) -> int:
    """Bytes of a file system, in whole MiB, that takes files of these sizes. Pure."""
    content = sum(size + _CLUSTER for size in sizes)
    whole = content + content // _TABLES * 2 + MIB
    return max(least, -(-whole // MIB) * MIB)


def write_fat(path: Path, files: Mapping[str, Path], label: str, *, least: int = _LEAST) -> None:
    """Write a file system with these files: path inside -> file of the host. `label`: 11 characters at most.

    Raises InputError for a file that is too large, with the numbers.
    """
    names = sorted(files)
    for name in names:
        if files[name].stat().st_size > _LARGEST:
            raise InputError(
                f"{name} has {files[name].stat().st_size // MIB} MiB, and a file in a FAT 4096 MiB at most",
                hint="leave something out of the image",
            )
    size = fat_size([files[name].stat().st_size for name in names], least)
    serial = uuid_of("fat", label, *names, digest_of(*(files[name] for name in names))).hex[:8]
    path.touch()
    with path.open("r+b") as stream:
        stream.truncate(size)
    run("mkfs.vfat", "--invariant", *_kind(size), "-i", serial, "-n", label, path)
    folders = sorted({str(parent) for name in names for parent in PurePosixPath(name).parents} - {"."})
    if folders:
        _mtools("mmd", path, *(f"::/{folder}" for folder in folders))
    for name in names:
        _mtools("mcopy", path, files[name].absolute(), f"::/{name}")


def _mtools(name: str, image: Path, *words: str | Path) -> None:
    """Run one of the mtools where the image lies: in a path they would take @@ for an offset."""
    run(name, "-i", image.name, *words, cwd=image.parent)


def _kind(size: int) -> list[str]:
    """mkfs.vfat's words for a kind that a file system of this size can have: FAT16 has 4085 to 65524 clusters."""
    if size >= FAT32_FROM:
        return ["-F", "32"]
    return ["-F", "16", "-s", "1" if size < 32 * MIB else "2"]
