"""How an initrd is packed: what each form's own tool reads back, and which form a kernel gets."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
import zstandard

from harness.image.entries import Bytes, Entry, Kind
from harness.image.lz4legacy import Lz4Legacy
from harness.image.packing import Packing, pack, packing_of
from harness.kernel.artifact import KernelArtifact

# 20 MB that packs well, and is more than two blocks of lz4.
CONTENT = b"".join(b"%d lines of what a program prints\n" % number for number in range(600_000))
ENTRIES = [Entry("file", Kind.FILE, 0o644, Bytes(CONTENT))]


def packed(packing: Packing) -> bytes:
    out = io.BytesIO()
    size = pack(ENTRIES, out, packing)
    assert size > len(CONTENT)
    return out.getvalue()


def unpacked(form: str, data: bytes) -> bytes:
    if form == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return subprocess.run([form, "-dc"], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("packing", [("lz4", "4"), ("zstd", 9, "0"), ("gzip", 6)], ids=lambda packing: packing[0])
def test_what_others_unpack(packing: Packing) -> None:
    plain = packed(("plain",))
    assert CONTENT in plain
    data = packed(packing)
    assert unpacked(str(packing[0]), data) == plain
    assert packed(packing) == data


@pytest.mark.parametrize("size", [0, 1, 8 << 20, (8 << 20) + 1, 3 << 23])
def test_lz4_of_any_size_and_in_any_pieces(size: int) -> None:
    data = CONTENT[:size]
    made = []
    for piece in (1 << 16, 1 << 30):
        out = io.BytesIO()
        with Lz4Legacy(out) as sink:
            for start in range(0, len(data), piece):
                assert sink.write(data[start : start + piece]) == len(data[start : start + piece])
        made.append(out.getvalue())
    assert made[0] == made[1]
    assert unpacked("lz4", made[0]) == data


def test_nothing_is_added_to_what_failed() -> None:
    out = io.BytesIO()
    sink = Lz4Legacy(out)
    sink.write(b"half")
    sink.__exit__(OSError, OSError(), None)
    assert len(out.getvalue()) == 4


def kernel(tmp_path: Path, config: str, *, matched: bool) -> KernelArtifact:
    (tmp_path / "config").write_text(config)
    return KernelArtifact(
        key="k",
        image=tmp_path / "kernel",
        config=tmp_path / "config",
        modules=None,
        system_map=None,
        dtbs=None,
        release="6.12",
        origin="",
        arch="x86_64",
        matched=matched,
    )


@pytest.mark.parametrize(
    ("config", "matched", "small", "form"),
    [
        ("CONFIG_RD_LZ4=y\nCONFIG_RD_ZSTD=y\n", True, True, "plain"),
        ("CONFIG_RD_LZ4=y\nCONFIG_RD_ZSTD=y\n", True, False, "lz4"),
        ("CONFIG_RD_LZ4=y\nCONFIG_RD_ZSTD=y\n", False, True, "zstd"),
        ("CONFIG_RD_LZ4=y\nCONFIG_RD_ZSTD=y\n", False, False, "lz4"),
        ("CONFIG_RD_ZSTD=y\n", False, False, "zstd"),
        ("# CONFIG_RD_LZ4 is not set\n", True, False, "gzip"),
    ],
)
def test_a_kernel_gets_what_it_unpacks(tmp_path: Path, config: str, matched: bool, small: bool, form: str) -> None:
    assert packing_of(kernel(tmp_path, config, matched=matched), small=small)[0] == form
