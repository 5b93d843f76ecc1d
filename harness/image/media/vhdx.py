"""What is left to chance in a VHDX ([MS-VHDX], 8.0): identifiers, where its headers begin to count, and a used log."""

from __future__ import annotations

import struct
import uuid
from pathlib import Path
from typing import BinaryIO

from harness.errors import HostError
from harness.image.media.identity import uuid_of

_HEADERS = (64 << 10, 128 << 10)
_HEADER = 4096
_REGIONS = 192 << 10
_METADATA = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le  # the region
_PAGE_83 = uuid.UUID("beca12ab-b2e6-4523-93ef-c309e000c746").bytes_le  # the item: the disk's identifier
_CASTAGNOLI = 0x82F63B78  # the polynomial, reflected


def settle(path: Path, digest: str) -> None:
    """Give identifiers made of `digest`, count the headers from 1, and empty the log, which no header refers to."""
    with path.open("r+b") as disk:
        for number, offset in enumerate(_HEADERS, 1):
            header = _read(disk, offset, _HEADER)
            if not header.startswith(b"head") or any(header[48:64]):
                raise HostError(f"qemu-img left a VHDX with work in its log: {path.name}")
            _write(disk, offset, settled(header, number, digest))
            length, log = struct.unpack_from("<IQ", header, 68)
            _write(disk, log, bytes(length))
        region = _find(disk, _REGIONS, 16, 32, _METADATA)
        (start,) = struct.unpack_from("<Q", region, 16)
        item = _find(disk, start, 32, 32, _PAGE_83)
        (offset,) = struct.unpack_from("<I", item, 16)
        _write(disk, start + offset, uuid_of("vhdx", "page 83", digest).bytes_le)


def settled(header: bytes, number: int, digest: str) -> bytes:
    """A header with this sequence number and identifiers of `digest`; its CRC-32C holds again. Pure."""
    made = bytearray(header)
    struct.pack_into("<Q", made, 8, number)
    made[16:32] = uuid_of("vhdx", "file", digest).bytes_le
    made[32:48] = uuid_of("vhdx", "data", digest).bytes_le
    struct.pack_into("<I", made, 4, 0)
    struct.pack_into("<I", made, 4, crc32c(made))
    return bytes(made)


def crc32c(data: bytes | bytearray) -> int:
    """Castagnoli's CRC, which no module of Python's has. Bit by bit: two headers take 20 ms. Pure."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CASTAGNOLI if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _find(disk: BinaryIO, table: int, head: int, size: int, name: bytes) -> bytes:
    """The entry of a table that begins with this identifier."""
    entries = _read(disk, table + head, 64 * size)
    for start in range(0, len(entries), size):
        if entries[start : start + 16] == name:
            return entries[start : start + size]
    raise HostError("qemu-img wrote a VHDX without the metadata that it must have")


def _read(disk: BinaryIO, offset: int, size: int) -> bytes:
    disk.seek(offset)
    return disk.read(size)


def _write(disk: BinaryIO, offset: int, data: bytes) -> None:
    disk.seek(offset)
    disk.write(data)
