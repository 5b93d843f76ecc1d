"""FAT, squashfs and EROFS: what is in them, and what does not fit."""

from __future__ import annotations

import re
import stat
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image.entries import Entry, Kind, character, file, folder, link
from harness.image.media.fat import FAT32_FROM, MIB, fat_size, write_fat
from harness.image.media.readonly import write_erofs, write_squashfs
from harness.image.media.tools import environment

TREE = [
    folder("bin"),
    Entry("bin/su", Kind.FILE, 0o4755, file("x", b"su" * 5000).content, uid=7, gid=8),
    Entry("bin/also", Kind.HARDLINK, 0o4755, target="bin/su"),
    link("sh", "bin/su"),
    folder("dev"),
    character("dev/console", 5, 1),
    Entry("spelled", Kind.FILE, 0o600, file("x", b"").content, spelled="p/../spelled"),
]


def said(*argv: str | Path) -> str:
    done = subprocess.run([*map(str, argv)], env=environment(), capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("size", [8 * MIB, 31 * MIB, 32 * MIB, 63 * MIB, FAT32_FROM, 300 * MIB])
def test_a_fat_of_any_size_is_sound(tmp_path: Path, size: int) -> None:
    content = tmp_path / "content"
    content.write_bytes(b"kernel" * 1000)
    path = tmp_path / "fat"
    write_fat(path, {"a/b/C.EFI": content, "plain": content}, "LABEL", least=size)
    assert path.stat().st_size == size
    assert "Dirty" not in said("fsck.fat", "-n", path)
    out = tmp_path / "out"
    said("mcopy", "-i", path, "::/a/b/C.EFI", out)
    assert out.read_bytes() == content.read_bytes()
    assert (b"FAT32   " in path.read_bytes()[:512]) == (size >= FAT32_FROM)


def test_serial_numbers_follow_the_content(tmp_path: Path) -> None:
    serials = []
    for number, data in enumerate((b"one", b"one", b"two")):
        (tmp_path / "content").write_bytes(data)
        write_fat(tmp_path / str(number), {"a": tmp_path / "content"}, "LABEL")
        serials.append(said("mdir", "-i", tmp_path / str(number), "::").splitlines()[1])
    assert serials[0] == serials[1] != serials[2]


@pytest.mark.parametrize("count", [1, 400])
def test_the_size_of_a_fat_is_enough(tmp_path: Path, count: int) -> None:
    content = tmp_path / "content"
    with content.open("wb") as out:
        out.truncate(70 * MIB // count)
    write_fat(tmp_path / "fat", {f"file{number}": content for number in range(count)}, "LABEL")


def test_a_file_too_large_for_a_fat_is_refused(tmp_path: Path) -> None:
    content = tmp_path / "content"
    with content.open("wb") as out:
        out.truncate(1 << 32)
    with pytest.raises(InputError, match="has 4096 MiB"):
        write_fat(tmp_path / "fat", {"file": content}, "LABEL")
    assert fat_size([1 << 32]) > 1 << 32


def test_squashfs_keeps_owners_modes_and_devices(tmp_path: Path) -> None:
    write_squashfs(TREE, tmp_path / "fs", tmp_path)
    found = said("unsquashfs", "-lln", tmp_path / "fs")
    assert re.search(r"^drwxr-xr-x 0/0 .* squashfs-root$", found, re.MULTILINE)
    assert re.search(r"^-rwsr-xr-x 7/8 +10000 .*/bin/su$", found, re.MULTILINE)
    assert re.search(r"^-rwsr-xr-x 7/8 +10000 .*/bin/also$", found, re.MULTILINE)
    assert re.search(r"^crw------- 0/0 +5, +1 .*/dev/console$", found, re.MULTILINE)
    assert re.search(r"squashfs-root/spelled$", found, re.MULTILINE)
    assert "/p" not in found


def inode(path: Path, name: str) -> str:
    return said("dump.erofs", f"--path={name}", path)


def mode(path: Path, name: str) -> int:
    """The whole mode, of which dump.erofs tells nine bits (fs/erofs/erofs_fs.h: inodes are numbered by 32 bytes)."""
    found = re.search(r"NID: (\d+)", inode(path, name))
    assert found
    data = path.read_bytes()
    (start,) = struct.unpack_from("<I", data, 1024 + 40)
    (bits,) = struct.unpack_from("<H", data, start * 4096 + int(found[1]) * 32 + 4)
    return int(bits)


def test_erofs_keeps_owners_modes_and_devices(tmp_path: Path) -> None:
    path = tmp_path / "fs"
    write_erofs(TREE, path, tmp_path)
    said("fsck.erofs", path)
    assert re.search(r"Uid: 7\s+Gid: 8\s", inode(path, "/bin/su"))
    assert mode(path, "/bin/su") == stat.S_IFREG | 0o4755
    assert mode(path, "/") == stat.S_IFDIR | 0o755
    assert re.search(r"Links: 2", inode(path, "/bin/also"))
    assert mode(path, "/dev/console") == stat.S_IFCHR | 0o600
    assert mode(path, "/spelled") == stat.S_IFREG | 0o600


@pytest.mark.parametrize("write", [write_squashfs, write_erofs])
def test_their_beginnings_tell_contents_apart(tmp_path: Path, write: object) -> None:
    assert callable(write)
    heads = []
    for number, data in enumerate((b"one", b"two")):
        work = tmp_path / str(number)
        work.mkdir()
        entries: Sequence[Entry] = [file("a", data)]
        write(entries, work / "fs", work)
        with (work / "fs").open("rb") as stream:
            heads.append(stream.read(64 << 10))
    assert heads[0] != heads[1]
