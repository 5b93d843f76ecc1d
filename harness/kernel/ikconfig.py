"""The configuration that a kernel image carries inside (CONFIG_IKCONFIG), found without running it.

The text stands gzipped between the marks IKCFG_ST and IKCFG_ED (kernel/configs.c); in most images the kernel itself is
compressed as well, and its payload is unpacked here as a stream, with a bound on what it may grow to.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from harness.errors import InputError, Where
from harness.kernel.inflate import Inflated, Plain, checkable, form_of
from harness.kernel.lz4blocks import Lz4Blocks

MAX_IMAGE = 256 << 20  # bytes of a kernel image; Debian's largest has 35 MB
MAX_PAYLOAD = 512 << 20  # bytes that a payload may unpack to
MAX_CONFIG = 4 << 20  # bytes of a configuration; Debian's has 280 KB
_START, _END = b"IKCFG_ST", b"IKCFG_ED"
_CHUNK = 1 << 20
_TRIES = 16  # places for each form that look like a compressed payload; a hostile image could have a million
# The forms in which an image may hide its payload at a place that no header tells (arm's zImage, s390, powerpc).
_PAYLOADS = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"BZh", b"\x5d\x00\x00", b"\x02\x21\x4c\x18")


class _Stream(Protocol):
    def read(self, size: int) -> bytes: ...


def embedded_config(image: Path) -> str | None:
    """The .config inside a kernel image; None where it has none or hides it from us (lzo is not unpacked).

    Never raises for what is in the image: a damaged one is for the boot to tell. Raises OSError.
    """
    with image.open("rb") as file:
        data = file.read(MAX_IMAGE)
    found = _between_marks(io.BytesIO(data), MAX_IMAGE)
    if found is not None:
        return found
    budget = MAX_PAYLOAD  # for all tries together
    for offset in _payloads(data):
        source = Plain(io.BytesIO(memoryview(data)[offset:]))
        form = form_of(data[offset : offset + 6])
        where = Where(str(image))
        if form == "lz4":
            payload: Inflated | Lz4Blocks = Lz4Blocks(source, where)
        elif form is not None and checkable(form):
            payload = Inflated(source, form, where)
        else:
            continue
        try:
            found = _between_marks(payload, budget)
        except InputError:  # it only looked like a payload
            found = None
        if found is not None:
            return found
        budget -= payload.position
        if budget <= 0:
            break
    return None


def _payloads(data: bytes) -> Iterator[int]:
    """Where a compressed kernel may begin, the places that headers name first."""
    seen: set[int] = set()
    for offset in (*_named(data), *_looked_for(data)):
        if offset not in seen and offset < len(data):
            seen.add(offset)
            yield offset


def _named(data: bytes) -> Iterator[int]:
    if data[:2] == b"\x1f\x8b":  # Image.gz
        yield 0
    if data[0x202:0x206] == b"HdrS" and len(data) > 0x250:  # Documentation/arch/x86/boot.rst: payload_offset
        sectors = data[0x1F1] or 4
        yield (sectors + 1) * 512 + int(struct.unpack_from("<I", data, 0x248)[0])
    if data[4:8] == b"zimg":  # drivers/firmware/efi/libstub/zboot-header.S
        yield int(struct.unpack_from("<I", data, 8)[0])


def _looked_for(data: bytes) -> Iterator[int]:
    for magic in _PAYLOADS:
        offset = data.find(magic)
        for _ in range(_TRIES):
            if offset < 0:
                break
            yield offset
            offset = data.find(magic, offset + 1)


def _between_marks(stream: _Stream, limit: int) -> str | None:
    """The text between the marks, wherever in the stream; both may straddle two reads."""
    kept = b""
    read = 0
    while read < limit and (block := stream.read(_CHUNK)):
        read += len(block)
        kept += block
        at = kept.find(_START + b"\x1f\x8b")
        if at >= 0:
            packed = kept[at + len(_START) :]
            while _END not in packed and len(packed) < MAX_CONFIG and (block := stream.read(_CHUNK)):
                packed += block
            return _unpacked(packed)
        kept = kept[-(len(_START) + 1) :]
    return None


def _unpacked(packed: bytes) -> str | None:
    try:
        text = zlib.decompressobj(31).decompress(packed, MAX_CONFIG)
    except zlib.error:
        return None
    return text.decode("utf-8", "replace") if b"CONFIG_" in text else None
