"""Unpacking packages, hostile ones included."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from harness.errors import HostError
from harness.kernel.debian import unpack
from harness.kernel.distro import placed


def make_deb(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """A .deb of these members; its data is a plain tar."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    control = io.BytesIO()
    with tarfile.open(fileobj=control, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("./control"))
    out = b"!<arch>\n"
    for name, part in (("debian-binary", b"2.0\n"), ("control.tar", control.getvalue()), ("data.tar", data.getvalue())):
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(part):<10}`\n".encode() + part
    path.write_bytes(out)
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, to: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode = kind, to, mode
    return member


def everything(name: str) -> str | None:
    return name


def test_only_what_is_wanted(tmp_path: Path) -> None:
    deb = make_deb(
        tmp_path / "a.deb",
        [
            (entry("./usr", tarfile.DIRTYPE), b""),
            (entry("./usr/bin/tool", mode=0o4755), b"tool"),
            (entry("./usr/share/doc"), b"doc"),
            (entry("./usr/bin/alias", tarfile.SYMTYPE, "tool"), b""),
        ],
    )
    wanted = {"usr/bin/tool": "t/tool", "usr/bin/alias": "t/alias"}
    assert unpack(deb, tmp_path / "out", wanted.get) == ["t/tool", "t/alias"]
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*")) == [
        "t", "t/alias", "t/tool",
    ]  # fmt: skip
    assert (tmp_path / "out/t/tool").stat().st_mode & 0o7111 == 0o111
    assert (tmp_path / "out/t/alias").read_bytes() == b"tool"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([(entry("../../evil"), b"x")], "outside"),
        ([(entry("/etc/evil"), b"x")], "outside"),
        ([(entry("a", tarfile.SYMTYPE, "/etc"), b"")], "outside"),
        ([(entry("a/b", tarfile.SYMTYPE, "../../etc"), b"")], "outside"),
        ([(entry("a", tarfile.CHRTYPE), b"")], "neither"),
        ([(entry("a", tarfile.FIFOTYPE), b"")], "neither"),
        ([(entry("a", tarfile.LNKTYPE, "/etc/passwd"), b"")], "neither"),
        ([(entry("a"), b"1"), (entry("a"), b"2")], "damaged"),
        ([(entry("a"), b"1"), (entry("a/b"), b"2")], "damaged"),
    ],
)
def test_hostile_packages(tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]], message: str) -> None:
    deb = make_deb(tmp_path / "a.deb", members)
    (tmp_path / "out").mkdir()
    with pytest.raises(HostError, match=message):
        unpack(deb, tmp_path / "out", everything)
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path.parent / "evil").exists()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    members = [(entry("a", tarfile.SYMTYPE, "b"), b""), (entry("a/file"), b"x"), (entry("b/other"), b"y")]
    deb = make_deb(tmp_path / "a.deb", members)
    with pytest.raises(HostError, match="damaged"):
        unpack(deb, tmp_path / "out", everything)
    assert not (tmp_path / "out/b/file").exists()


def test_truncated_package(tmp_path: Path) -> None:
    deb = make_deb(tmp_path / "a.deb", [(entry("a"), b"x" * 100000)])
    deb.write_bytes(deb.read_bytes()[:50000])
    (tmp_path / "out").mkdir()
    with pytest.raises(HostError, match="damaged package"):
        unpack(deb, tmp_path / "out", everything)


def test_not_a_package(tmp_path: Path) -> None:
    (tmp_path / "a.deb").write_bytes(b"\x1b[31mhello")
    with pytest.raises(HostError, match="damaged package") as caught:
        unpack(tmp_path / "a.deb", tmp_path / "out", everything)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("boot/vmlinuz-6.1", "kernel"),
        ("boot/vmlinux-6.1", "kernel"),
        ("boot/config-6.1", "config"),
        ("boot/System.map-6.1", "System.map"),
        ("lib/modules/6.1/kernel/a.ko", "lib/modules/6.1/kernel/a.ko"),
        ("usr/lib/modules/6.1/modules.order", "lib/modules/6.1/modules.order"),
        ("usr/lib/linux-image-6.1/x/a.dtb", "dtbs/x/a.dtb"),
        ("usr/share/doc/a", None),
        ("boot/vmlinuz-6.12", None),
        ("lib/modules/6.12/a.ko", None),
    ],
)
def test_places_of_a_kernel_package(name: str, place: str | None) -> None:
    assert placed(name, "6.1") == place
