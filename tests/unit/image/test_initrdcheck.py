"""Initrds of the user's: good ones, and where exactly bad ones are bad."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from lz4 import block

from harness.errors import InputError
from harness.image import cpio
from harness.image.entries import file
from harness.image.initrdcheck import check_initrd


def archive(size: int = 200_000) -> bytes:
    out = io.BytesIO()
    cpio.write([file("init", b"#!/bin/sh"), file("noise", random.Random(1).randbytes(size))], out)  # noqa: S311
    return out.getvalue()


def lz4(data: bytes) -> bytes:
    return b"\x02\x21\x4c\x18" + b"".join(_lz4_blocks(data))


def _lz4_blocks(data: bytes) -> Iterator[bytes]:
    for place in range(0, len(data), 1 << 16):
        packed = block.compress(data[place : place + (1 << 16)], store_size=False)
        yield struct.pack("<I", len(packed)) + packed


PLAIN = archive()
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "bzip2": bz2.compress,
    "lz4": lz4,
}


def check(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "initrd").write_bytes(data)
    check_initrd(tmp_path / "initrd")


@pytest.mark.parametrize("form", PACKERS)
def test_good_ones(tmp_path: Path, form: str) -> None:
    check(tmp_path, PACKERS[form](PLAIN))


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        PLAIN + gzip.compress(PLAIN, mtime=0),  # early microcode, then the real one
        archive(10) + b"\0" * 4096 + PACKERS["zstd"](PLAIN),
        gzip.compress(archive(10), mtime=0) + gzip.compress(PLAIN, mtime=0),
        PLAIN + b"\0" * 100_000,
        gzip.compress(PLAIN, mtime=0) + b"\0" * 7,
    ],
)
def test_one_after_the_other(tmp_path: Path, data: bytes) -> None:
    check(tmp_path, data)


@pytest.mark.parametrize("form", [*PACKERS, "plain"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.999])
def test_truncated(tmp_path: Path, form: str, part: float) -> None:
    data = PACKERS[form](PLAIN) if form in PACKERS else PLAIN.rstrip(b"\0")
    with pytest.raises(InputError, match=r"initrd: truncated: .* byte \d+"):
        check(tmp_path, data[: int(len(data) * part)])


def test_lz4_that_ends_between_two_blocks_is_truncated(tmp_path: Path) -> None:
    """Nothing marks the end of such a frame: only the archive inside tells that there should be more."""
    first = struct.unpack_from("<I", lz4(PLAIN), 4)[0]
    with pytest.raises(InputError, match=r"initrd: truncated: .* byte \d+ of the unpacked lz4 data"):
        check(tmp_path, lz4(PLAIN)[: 8 + first])


def test_what_follows_lz4_is_read_too(tmp_path: Path) -> None:
    check(tmp_path, lz4(archive(10)) + bytes(8) + gzip.compress(PLAIN, mtime=0))
    check(tmp_path, lz4(archive(10)) + lz4(PLAIN))
    with pytest.raises(InputError, match="truncated"):
        check(tmp_path, lz4(archive(10)) + bytes(8) + gzip.compress(PLAIN, mtime=0)[:-9])
    with pytest.raises(InputError, match="truncated"):
        check(tmp_path, lz4(archive(10)) + lz4(PLAIN)[:-9])


@pytest.mark.parametrize("form", ["gzip", "zstd", "xz", "bzip2"])
def test_flipped_bit(tmp_path: Path, form: str) -> None:
    data = bytearray(PACKERS[form](PLAIN))
    data[len(data) // 2] ^= 4
    with pytest.raises(InputError, match=rf"corrupt {form} data .* byte \d+"):
        check(tmp_path, bytes(data))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes"),
        (b"\0" * 5000, "nothing but zeros"),
        (b"hello, world", "no archive begins at byte 0"),
        (b"070707" + b"0" * 70, "old cpio format"),
        (gzip.compress(b"hello, world", mtime=0), "no archive begins at byte 0 of the unpacked gzip data"),
        (gzip.compress(b"", mtime=0), "truncated|unpacks to nothing"),
        (PLAIN + b"trailing rubbish", "no archive begins at byte"),
        (PLAIN[:110].replace(b"0000", b"zzzz", 1) + PLAIN[110:], "corrupt: no header"),
        (PLAIN[:94] + b"7FFFFFFF" + PLAIN[102:], "corrupt: a name of"),
        (PLAIN[:54] + b"00000100" + PLAIN[62:], "corrupt: no entry at byte"),
    ],
)
def test_wrong_ones(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check(tmp_path, data)


def test_no_ordinary_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "fifo"):
        with pytest.raises(InputError, match="initrd"):
            check_initrd(path)


@pytest.mark.parametrize("form", ["gzip", "xz", "zstd", "bzip2"])
def test_bombs_do_not_take_memory(tmp_path: Path, form: str) -> None:
    out = io.BytesIO()
    cpio.write([file("zeros", bytes(100 << 20))], out)
    (tmp_path / "initrd").write_bytes(PACKERS[form](out.getvalue()))
    del out
    tracemalloc.start()
    try:
        check_initrd(tmp_path / "initrd")
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()
