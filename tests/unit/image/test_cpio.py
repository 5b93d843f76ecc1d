"""The newc writer: what the format says, and the same bytes every time."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image import cpio
from harness.image.entries import Entry, character, file, folder, link


def written(nodes: list[Entry]) -> bytes:
    out = io.BytesIO()
    assert cpio.write(nodes, out) == len(out.getvalue())
    return out.getvalue()


def read(data: bytes) -> dict[str, tuple[list[int], bytes]]:
    """A reader of our own, by the format's description: name -> (header fields, data)."""
    found, at = {}, 0
    while True:
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * number : at + 14 + 8 * number], 16) for number in range(13)]
        name = data[at + 110 : at + 110 + fields[11] - 1].decode()
        assert data[at + 110 + fields[11] - 1] == 0
        at = -(-(at + 110 + fields[11]) // 4) * 4
        content = data[at : at + fields[6]]
        at = -(-(at + fields[6]) // 4) * 4
        if name == "TRAILER!!!":
            assert set(data[at:]) <= {0}
            return found
        found[name] = (fields, content)


NODES = [file("init", b"#!", executable=True), character("dev/console", 5, 1), link("bin/sh", "busybox"),
         file("etc/x/y", b"12345"), folder("tmp", 0o1777)]  # fmt: skip


def test_entries() -> None:
    found = read(written(NODES))
    assert list(found) == ["bin", "bin/sh", "dev", "dev/console", "etc", "etc/x", "etc/x/y", "init", "tmp"]
    modes = {name: oct(fields[1]) for name, (fields, _) in found.items()}
    assert modes["init"] == "0o100755"
    assert modes["etc/x/y"] == "0o100644"
    assert modes["bin/sh"] == "0o120777"
    assert modes["dev/console"] == "0o20600"
    assert modes["tmp"] == "0o41777"
    assert found["dev/console"][0][9:11] == [5, 1]
    assert found["bin/sh"][1] == b"busybox"
    assert found["etc/x/y"][1] == b"12345"
    assert [fields[0] for fields, _ in found.values()] == list(range(1, 10))
    assert all(fields[2:4] == [0, 0] and fields[5] == 0 for fields, _ in found.values())


def test_order_of_the_input_does_not_matter() -> None:
    assert written(NODES) == written(NODES[::-1])


def test_files_from_disk(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"z" * 100001)
    assert read(written([file("a", tmp_path / "a")]))["a"][1] == b"z" * 100001


def test_parents_come_before_their_children() -> None:
    names = list(read(written([file("a/b", b""), file("a-c", b""), file("a.d", b"")])))
    assert names == ["a", "a/b", "a-c", "a.d"]


@pytest.mark.parametrize("path", ["../x", "a/../../x", "", ".", "/", "a\0b", "TRAILER!!!", "a/..", "x/" * 2048 + "y"])
def test_paths_that_are_refused(path: str) -> None:
    with pytest.raises(InputError):
        written([file(path, b"")])


@pytest.mark.parametrize("path", ["/a/b", "./a//b", "a/./b"])
def test_paths_are_normalised(path: str) -> None:
    assert list(read(written([file(path, b"")]))) == ["a", "a/b"]


@pytest.mark.parametrize(
    "nodes",
    [
        [file("a", b"1"), file("./a", b"2")],
        [link("a", "/etc"), file("a/b", b"")],
        [file("a", b""), file("a/b", b"")],
        [folder("a"), file("a", b"")],
    ],
)
def test_contradictions_are_refused(nodes: list[Entry]) -> None:
    with pytest.raises(InputError):
        written(nodes)


def test_more_than_the_format_holds(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(1 << 32)
    with pytest.raises(InputError, match="4 GiB"):
        written([file("huge", tmp_path / "huge")])
