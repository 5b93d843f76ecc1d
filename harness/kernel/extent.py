"""How long a kernel's file is by its own header: a shorter one was cut off."""

from __future__ import annotations

import struct


def extent(head: bytes) -> int:
    """Bytes that the file has at the least; 0 where its header does not tell.

    x86: `setup_sects` and `syssize` (Documentation/arch/x86/boot.rst); arm: start and end of the zImage
    (arch/arm/boot/compressed/head.S); PE, as arm64 and riscv64 have it: the end of its last section.
    """
    if head[0x202:0x206] == b"HdrS" and len(head) >= 0x264:
        (paragraphs,) = struct.unpack_from("<I", head, 0x1F4)
        return 512 * ((head[0x1F1] or 4) + 1) + 16 * int(paragraphs)
    if head[0x24:0x28] == b"\x18\x28\x6f\x01" and len(head) >= 0x30:
        start, end = struct.unpack_from("<II", head, 0x28)
        return max(0, int(end - start))
    return _sections_end(head) if head[:2] == b"MZ" and len(head) >= 0x40 else 0


def _sections_end(head: bytes) -> int:
    (at,) = struct.unpack_from("<I", head, 0x3C)
    if head[at : at + 4] != b"PE\0\0" or len(head) < at + 24:
        return 0
    count, optional = (struct.unpack_from("<H", head, at + place)[0] for place in (6, 20))
    table = at + 24 + optional
    ends = [
        sum(struct.unpack_from("<II", head, table + 40 * number + 16))
        for number in range(count)
        if len(head) >= table + 40 * number + 24
    ]
    return max(ends, default=0)
