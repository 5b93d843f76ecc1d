"""Layers over one another: what the specification says, in every packing."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import InputError
from harness.image.entries import Entry, Kind
from tests.unit.image.oci.layouts import folder, hardlink, member, symlink, tar

Tree = Callable[..., dict[str, Entry]]


def data_of(entry: Entry) -> bytes:
    assert entry.content is not None
    return b"".join(entry.content.chunks())


@pytest.mark.parametrize("form", ["", "gzip", "zstd"])
@pytest.mark.parametrize("vendor", ["oci", "docker"])
def test_every_packing_reads_the_same(tree: Tree, form: str, vendor: str) -> None:
    big = bytes(range(256)) * 9000
    found = tree(
        tar(folder("bin"), member("bin/x", big, mode=0o4755, uid=7, gid=8, mtime=1700000000)), form=form, vendor=vendor
    )
    assert list(found) == ["bin", "bin/x"]
    entry = found["bin/x"]
    assert data_of(entry) == big
    assert (entry.kind, entry.mode, entry.uid, entry.gid, entry.mtime) == (Kind.FILE, 0o4755, 7, 8, 1700000000)


def test_gzip_under_a_plain_media_type_is_read_by_its_first_bytes(tree: Tree) -> None:
    kind = "application/vnd.docker.image.rootfs.diff.tar"
    assert "f" in tree(tar(member("f", b"x")), form="gzip", layer_media=kind)


def test_several_gzip_streams_are_one_layer(tree: Tree) -> None:
    # What eStargz and pigz write. The maker packs as one; so pack by hand and hand it over as it is.
    import gzip
    import hashlib

    data = tar(member("a", b"1" * 5000), member("b", b"2" * 5000))
    both = gzip.compress(data[:3000], mtime=0) + gzip.compress(data[3000:], mtime=0)
    rootfs = {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest()]}
    found = tree(both, form="", rootfs=rootfs)
    assert data_of(found["b"]) == b"2" * 5000


def test_whiteouts_concern_lower_layers_only_wherever_they_stand(tree: Tree) -> None:
    found = tree(
        tar(member("gone", b"1"), folder("d"), member("d/gone", b"1"), member("d/stay", b"1")),
        tar(member("new", b"2"), member("d/.wh.gone", b""), member(".wh.gone", b""), member(".wh.new", b"")),
    )
    assert list(found) == ["d", "d/stay", "new"]


def test_an_opaque_folder_hides_all_below_and_nothing_beside(tree: Tree) -> None:
    found = tree(
        tar(folder("o"), member("o/a", b"1"), folder("o/sub"), member("o/sub/b", b"1"), member("ox", b"1")),
        tar(member("o/new", b"2"), member("o/.wh..wh..opq", b"")),
    )
    assert list(found) == ["o", "o/new", "ox"]


def test_aufs_own_names_are_no_files(tree: Tree) -> None:
    assert list(tree(tar(member(".wh..wh.plnk", b""), member("a", b"")))) == ["a"]


def test_a_whiteout_of_nothing_and_below_nothing_is_nothing(tree: Tree) -> None:
    assert list(tree(tar(member("a", b"")), tar(member("x/.wh.y", b""), member(".wh.z", b"")))) == ["a"]


def test_a_file_becomes_a_folder_and_a_folder_a_file(tree: Tree) -> None:
    found = tree(
        tar(folder("d"), member("d/x", b"1"), member("f", b"1"), symlink("l", "d")),
        tar(member("d", b"2"), folder("f"), member("f/y", b"2"), folder("l"), member("l/z", b"2")),
    )
    assert {path: entry.kind.value for path, entry in found.items()} == {
        "d": "file", "f": "folder", "f/y": "file", "l": "folder", "l/z": "file",
    }  # fmt: skip


def test_a_folder_over_a_folder_keeps_its_contents_and_takes_the_new_mode(tree: Tree) -> None:
    found = tree(tar(folder("d", mode=0o700), member("d/x", b"1")), tar(folder("d", mode=0o1777, uid=3)))
    assert (found["d"].mode, found["d"].uid) == (0o1777, 3)
    assert "d/x" in found


def test_names_of_every_length_and_alphabet(tree: Tree) -> None:
    long = "n" * 120 + "/" + "m" * 200
    raw = b"raw-\xff\xfe".decode("utf-8", "surrogateescape")
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        target = "t" * 300
        found = tree(
            tar(member(long, b"1"), member("ünïcödé-ж", b"2"), member(raw, b"3"), symlink("l", target), form=form)
        )
        assert data_of(found[long]) == b"1"
        assert data_of(found["ünïcödé-ж"]) == b"2"
        assert data_of(found[raw]) == b"3"
        assert found["l"].target == target


def test_pax_gives_big_ids_fractions_of_seconds_and_attributes(tree: Tree) -> None:
    value = b"\x01\x00\x00\x02\x00\x20\xff\x80"
    header, data = member("f", b"x", uid=3000000, gid=3000001, mtime=1712345678.75)
    header.pax_headers = {
        "SCHILY.xattr.security.capability": value.decode("utf-8", "surrogateescape"),
        "SCHILY.xattr.a.b": "1",
    }
    entry = tree(tar((header, data)))["f"]
    assert (entry.uid, entry.gid, entry.mtime) == (3000000, 3000001, 1712345678)
    assert entry.xattrs == (("a.b", b"1"), ("security.capability", value))


def test_hard_links_share_a_file_also_across_layers(tree: Tree) -> None:
    found = tree(
        tar(folder("z"), member("z/file", b"shared", mode=0o755)),
        tar(hardlink("a", "z/file"), hardlink("./b", "/a")),
    )
    assert [(e.path, e.kind.value, e.target) for e in found.values()] == [
        ("z", "folder", ""), ("z/file", "file", ""), ("a", "hardlink", "z/file"), ("b", "hardlink", "z/file"),
    ]  # fmt: skip
    assert data_of(found["z/file"]) == b"shared"


def test_a_hard_link_outlives_the_name_it_was_made_from(tree: Tree) -> None:
    found = tree(
        tar(member("first", b"shared"), hardlink("m", "first"), hardlink("n", "first")),
        tar(member("first", b"other")),
        tar(member(".wh.first", b"")),
    )
    assert [(e.path, e.kind.value, e.target) for e in found.values()] == [("m", "file", ""), ("n", "hardlink", "m")]
    assert data_of(found["m"]) == b"shared"


def test_a_hard_link_to_a_symbolic_link_is_that_link_again(tree: Tree) -> None:
    found = tree(tar(symlink("l", "/etc/passwd"), hardlink("again", "l")))
    assert [(e.path, e.kind, e.target) for e in found.values()] == [
        ("again", Kind.SYMLINK, "/etc/passwd"), ("l", Kind.SYMLINK, "/etc/passwd"),
    ]  # fmt: skip


def test_absolute_links_stay_as_they_are(tree: Tree) -> None:
    assert tree(tar(symlink("abs", "/etc/../../shadow")))["abs"].target == "/etc/../../shadow"


def test_the_default_devices_and_pipes_are_kept(tree: Tree) -> None:
    null = member("dev/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666)
    found = tree(tar(folder("dev"), null, member("pipe", type=tarfile.FIFOTYPE)))
    assert (found["dev/null"].kind, found["dev/null"].device) == (Kind.CHARACTER, (1, 3))
    assert found["pipe"].kind is Kind.FIFO


def test_folders_nobody_speaks_of_are_made_and_order_is_by_name(tree: Tree) -> None:
    found = tree(tar(member("no/parent/f", b"1"), member("b", b""), member("a", b"")))
    assert list(found) == ["a", "b", "no", "no/parent", "no/parent/f"]
    assert (found["no"].kind, found["no"].mode, found["no"].uid) == (Kind.FOLDER, 0o755, 0)


def test_the_root_itself_has_the_empty_path(tree: Tree) -> None:
    found = tree(tar(folder("./", mode=0o711), member("./f", b"")))
    assert found[""].mode == 0o711
    assert "" not in tree(tar(member("f", b"")))


def test_the_same_thing_twice_is_once(tree: Tree) -> None:
    found = tree(tar(folder("d"), member("d/x", b"1"), folder("d", mode=0o700), member("d/x", b"1", mtime=5)))
    assert found["d"].mode == 0o700
    assert list(found) == ["d", "d/x"]


def test_an_image_without_layers_and_an_empty_layer(tree: Tree) -> None:
    assert tree() == {}
    assert tree(tar()) == {}


def test_a_part_of_a_file_is_its_bytes(tree: Tree) -> None:
    content = tree(tar(member("f", bytes(range(200)))))["f"].content
    assert content is not None
    part = content.part(50, 100)
    assert b"".join(part.chunks()) == bytes(range(50, 150))
    assert b"".join(part.part(10, 5).chunks()) == bytes(range(60, 65))


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([tar(member("../out", b""))], ["'../out'", "cannot be the name"]),
        ([tar(member("a/../../out", b""))], ["a/../../out"]),
        ([tar(hardlink("l", "../../etc/shadow"))], ["../../etc/shadow"]),
        ([tar(symlink("l", "/tmp"), member("l/f", b""))], ["'l/f' lies below 'l'", "symlink"]),
        ([tar(symlink("l", "/tmp")), tar(member("l/f", b""))], ["'l/f' lies below 'l'", "symlink"]),
        ([tar(symlink("l", "d"), hardlink("l/f", "x"))], ["'l/f' lies below 'l'"]),
        ([tar(member("f", b""), member("f/g", b""))], ["'f/g' lies below 'f'", "file"]),
        ([tar(symlink("l", "/etc"), hardlink("h", "l/shadow"))], ["'h' is a hard link to 'l/shadow'", "not there"]),
        ([tar(hardlink("h", "later"), member("later", b""))], ["'h' is a hard link to 'later'"]),
        ([tar(folder("d"), hardlink("h", "d"))], ["'h' is a hard link to 'd'", "folder"]),
        ([tar(member("dup", b"1"), member("dup", b"2"))], ["'dup' is in it twice"]),
        ([tar(member("dup", b"1"), symlink("dup", "x"))], ["'dup' is in it twice"]),
        ([tar(member("sda", type=tarfile.BLKTYPE, devmajor=8))], ["'sda' is a block device (8:0)"]),
        ([tar(member("mem", type=tarfile.CHRTYPE, devmajor=1, devminor=1))], ["'mem' is a character device (1:1)"]),
        ([tar(member("wh", type=tarfile.CHRTYPE))], ["'wh' is a character device (0:0)"]),
        ([tar(symlink("", "/x"))], ["root"]),
        ([tar(member("d/.wh...", b""))], ["'d/.wh...'"]),
        ([tar(member(".wh.", b""))], ["'.wh.'"]),
        ([tar(member("odd", type=b"Z"))], ["'odd'", "unknown type"]),
        ([tar(member("x/" * 2300 + "f", b""))], ["longer than 4095"]),
        ([tar(member("u", b"", uid=(1 << 32) - 1))], ["'u' belongs to 4294967295"]),
    ],
)
def test_hostile_layers_are_refused_by_name(tree: Tree, layers: list[bytes], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        tree(*layers)
    for word in ["layer sha256:", *words]:
        assert word in str(caught.value)


def test_sparse_files_are_refused(tree: Tree) -> None:
    header, data = member("s", b"x" * 512)
    header.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.map": "0,512",
        "GNU.sparse.size": "9999",
    }
    with pytest.raises(InputError, match="'s' is stored as a sparse file"):
        tree(tar((header, data)))


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_bombs_are_refused_before_the_disk_is_full(tree: Tree, store: Any, form: str) -> None:
    with pytest.raises(InputError, match=r"layer sha256:\w+ unpacks to more than \d+ bytes"):
        tree(tar(member("zeros", bytes(70 << 20))), form=form)
    assert not [path for path in store.root.rglob("*") if path.is_file() and path.stat().st_size > 1 << 20]


def test_what_unpacks_to_little_is_no_bomb(tree: Tree) -> None:
    assert tree(tar(member("zeros", bytes(9 << 20))))["zeros"].size == 9 << 20


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[:512] + data[1024 + 100 :], "tar archive|damaged|ends within"),
        (lambda data: data[:1024], "tar archive|ends within"),
        (lambda data: b"not an archive" * 100, "tar archive"),
        (lambda data: data[:6700] + b"\1" + data[6701:], "damaged at byte 6656"),
        (lambda data: data[:300], "tar archive"),
    ],
)
def test_damaged_archives_are_refused(tree: Tree, damage: Callable[[bytes], bytes], words: str) -> None:
    data = tar(member("a", b"1" * 6000), member("b", b"2" * 6000), member("c", b"3" * 100))
    with pytest.raises(InputError, match=words):
        tree(damage(data))


def test_a_header_of_a_gigabyte_is_not_read(tree: Tree) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    with pytest.raises(InputError, match="extended header of 1073741824 bytes"):
        tree(header.tobuf() + bytes(1024))


def test_a_size_below_zero_ends_the_reading(tree: Tree) -> None:
    data = bytearray(tar(member("a", b"x"), member("b", b"y"), form=tarfile.GNU_FORMAT))
    data[124:136] = b"\xff" * 10 + (-1024 & 0xFFFF).to_bytes(2, "big")
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    with pytest.raises(InputError, match=r"size of -1024|tar archive"):
        tree(bytes(data))
