"""Kernel sources of strangers: taken where they are kernels, refused in one line where not."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.kernel.matched.source import source_tree
from harness.store import Store

MAKEFILE = "# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 3\nEXTRAVERSION =\n"


def tree(folder: Path, makefile: str = MAKEFILE) -> Path:
    (folder / "scripts/kconfig").mkdir(parents=True)
    (folder / "scripts/kconfig/Makefile").write_text("")
    (folder / "Makefile").write_text(makefile)
    (folder / "Kconfig").write_text("")
    return folder


def tarball(path: Path, folder: Path, *more: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:xz") as archive:
        archive.add(folder, "linux-6.12.3")
        for member in more:
            archive.addfile(member, BytesIO(bytes(member.size)))
    return path


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(f"linux-6.12.3/{name}")
    member.type, member.linkname = kind, to
    return member


def test_a_folder_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    folder, store = tree(tmp_path / "linux"), Store(tmp_path / "store")
    first = source_tree(str(folder), store)
    assert (first.version, first.path) == ("6.12.3", folder)
    (folder / "Kconfig").write_text("config A\n")
    second = source_tree(str(folder), store)
    assert second.key != first.key
    assert second.place == first.place


def test_a_folder_that_was_built_in(tmp_path: Path) -> None:
    (tree(tmp_path / "linux") / ".config").write_text("")
    with pytest.raises(InputError, match=r"make mrproper"):
        source_tree(str(tmp_path / "linux"), Store(tmp_path / "store"))


def test_a_tarball(tmp_path: Path) -> None:
    path = tarball(tmp_path / "linux.tar.xz", tree(tmp_path / "linux"), link("good", "scripts/kconfig"))
    found = source_tree(str(path), Store(tmp_path / "store"))
    assert found.version == "6.12.3"
    assert (found.path / "good").is_symlink()


def test_a_tarball_that_was_cut_short(tmp_path: Path) -> None:
    path = tarball(tmp_path / "linux.tar.xz", tree(tmp_path / "linux"))
    path.write_bytes(path.read_bytes()[:-60])
    store = Store(tmp_path / "store")
    with pytest.raises(InputError, match="cut short"):
        source_tree(str(path), store)
    assert [each.name for each in (tmp_path / "store/linux-source").iterdir() if not each.name.endswith(".lock")] == []


@pytest.mark.parametrize(
    "member",
    [link("out", "../../../etc"), link("out", "/etc/passwd"), link("fifo", "", tarfile.FIFOTYPE)],
    ids=["up", "absolute", "fifo"],
)
def test_a_hostile_tarball(tmp_path: Path, member: tarfile.TarInfo) -> None:
    path = tarball(tmp_path / "linux.tar.xz", tree(tmp_path / "linux"), member)
    with pytest.raises(InputError, match="refuses to be unpacked"):
        source_tree(str(path), Store(tmp_path / "store"))


def test_what_is_no_kernel(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/Makefile").write_text("all:\n")
    with pytest.raises(InputError, match="no source of a Linux kernel"):
        source_tree(str(tmp_path / "src"), Store(tmp_path / "store"))


def test_a_kernel_that_is_too_old(tmp_path: Path) -> None:
    folder = tree(tmp_path / "linux", MAKEFILE.replace("= 6", "= 4"))
    with pytest.raises(InputError, match=r"Linux 4\.12\.3, which is too old; at least 5\.10"):
        source_tree(str(folder), Store(tmp_path / "store"))


def test_a_revision(tmp_path: Path) -> None:
    folder = tree(tmp_path / "linux")
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"], ["tag", "v1"]):
        subprocess.run([*git, *words], check=True)
    (folder / "Makefile").write_text("spoilt")  # the revision counts, not the work tree
    found = source_tree(f"git:{folder}@v1", Store(tmp_path / "store"))
    assert found.version == "6.12.3"
    assert source_tree(f"git:{folder}", Store(tmp_path / "store")).key == found.key


@pytest.mark.parametrize("revision", ["v2", "--output=/tmp/x", "-n"])
def test_a_revision_that_is_none(tmp_path: Path, revision: str) -> None:
    folder = tree(tmp_path / "linux")
    subprocess.run(["git", "-C", str(folder), "init", "-q"], check=True)
    with pytest.raises(InputError, match=r"no revision|no such repository"):
        source_tree(f"git:{folder}@{revision}", Store(tmp_path / "store"))


def test_a_folder_that_is_no_repository_is_not_searched_for_a_revision(tmp_path: Path) -> None:
    tree(tmp_path / "linux")
    with pytest.raises(InputError, match="no such repository"):
        source_tree(f"git:{tmp_path / 'linux'}@v1", Store(tmp_path / "store"))


@pytest.mark.parametrize("spec", ["", "nowhere", "debian:bash", "debian:linux-source-6.12;rm", "git:nowhere@x"])
def test_a_source_that_is_not_there(tmp_path: Path, spec: str) -> None:
    with pytest.raises(InputError):
        source_tree(spec, Store(tmp_path / "store"))
