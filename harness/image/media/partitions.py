"""Disks with a partition table, by sfdisk: the table's script as a pure function, and partitions put into place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.errors import InputError
from harness.image.media.fat import MIB
from harness.image.media.identity import digest_of, uuid_of
from harness.image.media.tools import run

_SECTOR = 512
_MBR_SECTORS = 1 << 32  # 32 bits each for start and length
_PIECE = 1 << 16
_EMPTY = bytes(_PIECE)


class Table(StrEnum):
    """sfdisk's words."""

    MBR = "dos"
    GPT = "gpt"


ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"  # EFI system partition
FAT32_LBA = "c"
MBR_ESP = "ef"


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition and its bytes, whole MiB of them. `kind`: a GPT's type GUID, or an MBR's type byte."""

    kind: str
    name: str
    content: Path
    active: bool = False


def disk_size(partitions: Sequence[Partition]) -> int:
    """Bytes of the disk: a MiB for the table (and a boot loader), the partitions, a MiB for a GPT's second half."""
    return sum(partition.content.stat().st_size for partition in partitions) + 2 * MIB


def script_of(table: Table, partitions: Sequence[Partition], sizes: Sequence[int], digest: str) -> str:
    """sfdisk's input; `sizes` in bytes. Identifiers are made of `digest`. Pure."""
    own = uuid_of("disk", digest)
    lines = [f"label: {table}", f"label-id: {own if table is Table.GPT else f'0x{own.hex[:8]}'}", "unit: sectors"]
    if table is Table.GPT:
        lines.append(f"first-lba: {MIB // _SECTOR}")
    start = MIB // _SECTOR
    for number, (partition, size) in enumerate(zip(partitions, sizes, strict=True), 1):
        words = [f"start={start}", f"size={size // _SECTOR}", f"type={partition.kind}"]
        if table is Table.GPT:
            words += [f"uuid={uuid_of('partition', digest, str(number))}", f'name="{partition.name}"']
        elif partition.active:
            words.append("bootable")
        lines.append(", ".join(words))
        start += size // _SECTOR
    return "".join(f"{line}\n" for line in lines)


def write_disk(path: Path, table: Table, partitions: Sequence[Partition], *, unit: int = MIB) -> None:
    """Write a raw disk image, sparse where it is empty. `unit`: bytes that the medium's size is a multiple of.

    Raises InputError for a disk beyond what its table can tell, with the numbers.
    """
    whole = -(-disk_size(partitions) // unit) * unit
    if table is Table.MBR and whole // _SECTOR >= _MBR_SECTORS:
        raise InputError(f"a disk of {whole // MIB} MiB is too large for an MBR, which reaches to 2 TiB")
    sizes = [partition.content.stat().st_size for partition in partitions]
    with path.open("xb") as out:
        out.truncate(whole)
    script = script_of(table, partitions, sizes, digest_of(*(partition.content for partition in partitions)))
    run("sfdisk", "--quiet", "--wipe=never", "--no-reread", "--no-tell-kernel", path, stdin=script)
    start = MIB
    for partition, length in zip(partitions, sizes, strict=True):
        put(partition.content, path, start)
        start += length


def put(source: Path, disk: Path, offset: int) -> None:
    """Copy a file to a place in a disk image that is empty there; empty stays what is empty."""
    with source.open("rb") as stream, disk.open("r+b") as out:
        while piece := stream.read(_PIECE):
            if piece != _EMPTY[: len(piece)]:
                out.seek(offset)
                out.write(piece)
            offset += len(piece)
