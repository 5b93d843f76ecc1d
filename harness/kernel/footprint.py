"""How much memory a kernel says it takes, in the header that its boot loader reads."""

from __future__ import annotations

import struct

HEAD = 0x280  # bytes of the file that are looked at


def footprint(head: bytes) -> int:
    """Bytes of RAM from its beginning on, until the kernel has unpacked itself; 0 where the header does not tell.

    x86: `pref_address` and `init_size` (Documentation/arch/x86/boot.rst, protocol 2.10); arm64 and riscv64: offset and
    size of the image (Documentation/arch/arm64/booting.rst, Documentation/arch/riscv/boot-image-header.rst).
    """
    if head[0x202:0x206] == b"HdrS" and len(head) >= 0x264 and struct.unpack_from("<H", head, 0x206)[0] >= 0x20A:
        address, size = struct.unpack_from("<QI", head, 0x258)
        return int(address + size)
    if head[0x38:0x3C] in (b"ARM\x64", b"RSC\x05") and len(head) >= 0x40:
        offset, size = struct.unpack_from("<QQ", head, 8)
        return int(offset + size)
    return 0
