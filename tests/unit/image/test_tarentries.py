"""An archive inside an image, such as kernel.tar, comes from strangers: it is read as it is, or refused by its name."""

from __future__ import annotations

import contextlib
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.image.entries import Bytes, Slice
from harness.image.tarentries import entries_of
from tests.unit.image.oci.layouts import folder, hardlink, member, symlink, tar

LONG = "n" * 300
GOOD = tar(
    folder("a"), member("a/f", b"x" * 70_000), member(f"a/{LONG}", b"y"), symlink("l", "/a/f"), hardlink("h", "a/f")
)


def test_what_is_in_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"before" + GOOD)
    for content in (Bytes(GOOD), Slice(tmp_path / "x", 6, len(GOOD))):
        found = {entry.path: entry for entry in entries_of(content, "k")}
        assert list(found) == ["a", "a/f", f"a/{LONG}", "l", "h"]
        file = found["a/f"].content
        assert file is not None
        assert b"".join(file.chunks()) == b"x" * 70_000
        assert (found["l"].target, found["h"].target) == ("/a/f", "a/f")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (tar(member("../x", b"")), "leaves it"),
        (tar(hardlink("l", "../x")), "leaves it"),
        (GOOD[:5000], r"ends within 'a/f'"),
        (GOOD[:600], "is damaged at byte 512"),
        (b"no archive".ljust(1024, b"."), "not a sound tar archive"),
        (tar(member("x", b""), member("y", b""))[:512] + b"damaged".ljust(1024, b"!"), "is damaged at byte 512"),
        (tar(member("x", b"", pax_headers={"mtime": "nan"})), "of the time nan"),
        (tar(member("x", b"", pax_headers={"mtime": "inf"})), "of the time inf"),
        (tar(member("x", b"", type=b"Z")), "a kind that is not taken"),
    ],
)
def test_what_is_unsound_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told) as problem:
        list(entries_of(Bytes(data), "kernel.tar of x"))
    assert problem.value.what.startswith("kernel.tar of x")


def test_a_header_that_would_fill_the_memory_is_refused() -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 100 << 20
    data = header.tobuf(tarfile.USTAR_FORMAT) + bytes(header.size) + bytes(1024)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="an extended header of 104857600 bytes"):
            list(entries_of(Bytes(data), "k"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


@given(at=st.integers(0, len(GOOD) - 1), put=st.binary(min_size=1, max_size=8))
def test_no_damage_is_a_traceback(at: int, put: bytes) -> None:
    with contextlib.suppress(InputError):
        list(entries_of(Bytes(GOOD[:at] + put + GOOD[at + len(put) :]), "k"))
