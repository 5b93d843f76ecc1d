"""What kernels say of their size."""

from __future__ import annotations

import struct

from harness.kernel.footprint import HEAD, footprint


def bzimage(protocol: int) -> bytes:
    head = bytearray(HEAD)
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x206, protocol)
    struct.pack_into("<QI", head, 0x258, 0x1000000, 0x3000000)
    return bytes(head)


def image(magic: bytes) -> bytes:
    head = bytearray(HEAD)
    struct.pack_into("<QQ", head, 8, 0x80000, 0x1A00000)
    head[0x38:0x3C] = magic
    return bytes(head)


def test_what_the_header_tells() -> None:
    assert footprint(bzimage(0x20F)) == 0x4000000
    assert footprint(image(b"ARM\x64")) == footprint(image(b"RSC\x05")) == 0x1A80000


def test_what_tells_nothing() -> None:
    assert footprint(bzimage(0x209)) == 0  # before init_size
    assert footprint(image(b"none")) == footprint(b"") == 0
    assert footprint(bzimage(0x20F)[:0x210]) == footprint(image(b"ARM\x64")[:0x3C]) == 0
