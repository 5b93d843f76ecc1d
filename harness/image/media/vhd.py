"""What a VHD leaves to chance (Microsoft's specification of the format, 1.0): its footer's identifier and time."""

from __future__ import annotations

import struct
from pathlib import Path

from harness.errors import HostError
from harness.image.media.identity import uuid_of
from harness.image.rootfs import EPOCH

_FOOTER = 512
_COOKIE = b"conectix"
_YEAR_2000 = 946684800
_TIME, _CHECKSUM, _ID = 24, 64, 68


def settle(path: Path, digest: str) -> None:
    """Give the footer an identifier made of `digest`, and our time. The footer of a fixed disk stands at its end."""
    with path.open("r+b") as disk:
        disk.seek(-_FOOTER, 2)
        footer = disk.read(_FOOTER)
        if not footer.startswith(_COOKIE):
            raise HostError(f"qemu-img wrote a VHD without a footer: {path.name}")
        disk.seek(-_FOOTER, 2)
        disk.write(settled(footer, uuid_of("vhd", digest).bytes))


def settled(footer: bytes, identifier: bytes) -> bytes:
    """The footer with these 16 bytes, our time, and its checksum: the complement of the sum of the rest. Pure."""
    made = bytearray(footer)
    struct.pack_into(">I", made, _TIME, EPOCH - _YEAR_2000)
    made[_ID : _ID + 16] = identifier
    struct.pack_into(">I", made, _CHECKSUM, 0)
    struct.pack_into(">I", made, _CHECKSUM, ~sum(made) & 0xFFFFFFFF)
    return bytes(made)
