"""Small kernel modules for tests: an ELF file with one function, as a compiler leaves it."""

from __future__ import annotations

import struct

_NAMES = (b"", b".text", b".rela.text", b".symtab", b".strtab", b".shstrtab")
_HEADER, _SECTION = 64, 64


def signed(module: bytes) -> bytes:
    """As Debian's are: the signature, its description, a mark."""
    signature = b"s" * 40
    return module + signature + bytes(8) + struct.pack(">I", len(signature)) + b"~Module signature appended~\n"


def module(
    code: bytes, *, function: str = "svm_update_cr8_intercept", relocated: tuple[tuple[int, int], ...] = ()
) -> bytes:
    """A relocatable ELF file of x86_64 whose one function begins 16 bytes into its section.

    `relocated`: places in the function, and the type of each one's relocation.
    """
    text = b"\x90" * 16 + code
    rela = b"".join(struct.pack("<QQq", 16 + place, (1 << 32) | kind, -4) for place, kind in relocated)
    names = b"\0" + function.encode() + b"\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 2, 0, 1, 16, len(code))
    titles = b"".join(name + b"\0" for name in _NAMES)
    bodies = (b"", text, rela, symbols, names, titles)
    headers, data = b"", b""
    #        type, link, info, size of an entry
    shapes = ((0, 0, 0, 0), (1, 0, 0, 0), (4, 3, 1, 24), (2, 4, 1, 24), (3, 0, 0, 0), (3, 0, 0, 0))
    for name, body, (kind, link, info, entry) in zip(_NAMES, bodies, shapes, strict=True):
        place = _HEADER + len(data)
        headers += struct.pack(
            "<IIQQQQIIQQ", titles.index(name + b"\0"), kind, 0, 0, place, len(body), link, info, 8, entry
        )
        data += body
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, _HEADER + len(data), 0, 64, 0, 0, _SECTION, len(bodies), 5)
    return header + data + headers
