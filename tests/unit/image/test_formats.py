"""Formats: what is in the files, the same bytes twice, and nothing left of what fails."""

from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import zstandard

from harness.commands import image as command
from harness.errors import InputError
from harness.image.entries import Content, Entry, Kind, Slice, file, folder
from harness.image.fits import refuse_too_large
from harness.image.gzipped import gzipped
from harness.image.initrdcheck import check_initrd
from harness.image.writing import Job, format_of, formats, write_image
from harness.store import sha256_file
from harness.words import Arch
from tests.unit.image.fakes import KERNEL, composed, usual
from tests.unit.image.test_cpio import read

YAML = (
    "kernel: {image: t/kernel:1, cmdline: quiet}\ninit: [t/init:1]\nservices: [{name: s, image: t/app:1, uid: 1000}]\n"
)


def job(tmp_path: Path, text: str = YAML) -> Job:
    return Job(list(composed(tmp_path, text).values()), "it", tmp_path / "out", Arch.X86_64)


def job_for(form: str, tmp_path: Path) -> Job:
    """A job of an architecture that the format is written for."""
    return replace(job(tmp_path), arch=Arch.ARM64 if form == "rpi" else Arch.X86_64)


def test_every_format_is_found_and_described() -> None:
    assert {"tar", "kernel+initrd"} <= set(formats())
    assert all(form.about for form in formats().values())
    with pytest.raises(InputError, match=r"did you mean 'kernel\+initrd'"):
        format_of("kernel-initrd")


def test_tar(tmp_path: Path) -> None:
    extra = [
        Entry("x", Kind.FILE, 0o4755, file("x", b"1").content, uid=3000000, spelled="p/../x",
              xattrs=(("security.capability", b"\x01\xff"),)),
        Entry("y", Kind.HARDLINK, 0o644, target="bin/init"),
        folder("l" * 90),
        file("l" * 90 + "/" + "é" * 90, b""),
    ]  # fmt: skip
    entries = [*job(tmp_path).entries, *extra]
    (path,) = write_image(format_of("tar"), replace(job(tmp_path), entries=entries))
    assert path == tmp_path / "out" / "it.tar"
    with tarfile.open(path) as archive:
        found = {member.name: member for member in archive}
        assert archive.extractfile("boot/kernel").read() == KERNEL  # type: ignore[union-attr]
    assert (found["p/../x"].uid, found["p/../x"].mode) == (3000000, 0o4755)
    value = found["p/../x"].pax_headers["SCHILY.xattr.security.capability"]
    assert value.encode("utf-8", "surrogateescape") == b"\x01\xff"
    assert found["y"].linkname == "bin/init"
    assert "l" * 90 + "/" + "é" * 90 in found


def test_kernel_and_initrd(tmp_path: Path) -> None:
    kernel, cmdline, initrd = write_image(format_of("kernel+initrd"), job(tmp_path))
    assert kernel.read_bytes() == KERNEL
    assert cmdline.read_text() == "quiet"
    check_initrd(initrd)
    found = read(gzip.decompress(initrd.read_bytes()))
    assert found["bin/init"][1] == b"#!init"
    assert "boot" in found
    assert "boot/kernel" not in found
    with pytest.raises(InputError, match="needs a kernel"):
        write_image(format_of("kernel+initrd"), job(tmp_path, "init: [t/init:1]\n"))


def test_the_smallest_initrd(tmp_path: Path) -> None:
    given = job(tmp_path)
    entries = [*given.entries, file("text", b"".join(b"%d words that repeat\n" % number for number in range(100_000)))]
    made = []
    for tightly in (False, True, True):
        *_, initrd = write_image(format_of("kernel+initrd"), replace(given, entries=entries, smallest=tightly))
        made.append(initrd.read_bytes())
    assert made[1] == made[2]
    assert len(made[1]) < 0.6 * len(made[0])
    plain = [gzip.decompress(made[0]), zstandard.ZstdDecompressor().decompressobj().decompress(made[1])]
    assert plain[0] == plain[1]


def test_hard_links_of_an_initrd(tmp_path: Path) -> None:
    entries = [
        file("boot/kernel", b"K"),
        file("boot/cmdline", b""),
        file("a", b"data"),
        Entry("b", Kind.HARDLINK, 0o644, target="a"),
    ]
    *_, initrd = write_image(format_of("kernel+initrd"), replace(job(tmp_path), entries=entries))
    found = read(gzip.decompress(initrd.read_bytes()))
    assert (found["a"][0][0], found["a"][0][4], found["a"][1]) == (found["b"][0][0], 2, b"data")
    assert found["b"][1] == b""


def test_microcode_comes_first_and_plain(tmp_path: Path) -> None:
    *_, initrd = write_image(format_of("kernel+initrd"), job(tmp_path, YAML.replace("quiet", "quiet, ucode: uc")))
    assert initrd.read_bytes()[:8] == b"ucode\0\0\0"
    assert gzip.decompress(initrd.read_bytes()[8:])


@pytest.mark.parametrize("form", sorted(formats()))
def test_the_same_bytes_from_anywhere(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    # The second folder is as hostile to tools as a name can be: no option, drive, offset or protocol is meant by it.
    for number, (zone, out) in enumerate((("UTC", "out"), ("Asia/Tokyo", "-o@@1M,x:y z"))):
        here = tmp_path / str(number)
        here.mkdir()
        monkeypatch.chdir(here)
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        before = os.umask(0o077 if number else 0o022)
        try:
            made.append(
                [
                    sha256_file(path)
                    for path in write_image(format_of(form), replace(job_for(form, here), folder=Path(out)))
                ]
            )
        finally:
            os.umask(before)
    assert made[0] == made[1]


def test_gzip_does_not_depend_on_the_pieces() -> None:
    data = random.Random(1).randbytes(1 << 20) * 3 + b"end"  # noqa: S311
    packed = []
    for size in (1 << 20, 4097, len(data)):
        out = io.BytesIO()
        with gzipped(out) as sink:
            for start in range(0, len(data), size):
                sink.write(data[start : start + size])
        packed.append(out.getvalue())
    assert packed[0] == packed[1] == packed[2]
    assert gzip.decompress(packed[0]) == data


@dataclass(frozen=True)
class Damaged:
    """A content whose bytes are not what they should be."""

    size: int = 5

    def chunks(self) -> Iterator[bytes]:
        yield b"12"
        raise InputError("blob sha256:abc is damaged")

    def part(self, offset: int, size: int) -> Content:
        raise AssertionError("no format takes a part of a file")


@pytest.mark.parametrize("form", sorted(formats()))
def test_nothing_is_left_of_a_failure(tmp_path: Path, form: str) -> None:
    given = job(tmp_path)
    failing = replace(
        given, entries=[*given.entries, Entry("bad", Kind.FILE, 0o644, Damaged())], folder=tmp_path / "new/out"
    )
    with pytest.raises(InputError, match="sha256:abc"):
        write_image(format_of(form), failing)
    assert not (tmp_path / "new").exists()
    kept = tmp_path / "out" / "mine"
    kept.parent.mkdir()
    kept.touch()
    with pytest.raises(InputError):
        write_image(format_of(form), replace(failing, folder=kept.parent))
    assert list(kept.parent.iterdir()) == [kept]


def test_large_files_pass_through_in_pieces(tmp_path: Path) -> None:
    import tracemalloc

    (tmp_path / "big").write_bytes(bytes(64 << 20))
    entries = [
        file("boot/kernel", b"K"),
        file("boot/cmdline", b""),
        Entry("big", Kind.FILE, 0o644, Slice(tmp_path / "big", 0, 64 << 20)),
    ]
    for form in ("tar", "kernel+initrd"):
        tracemalloc.start()
        write_image(format_of(form), replace(job(tmp_path), entries=entries))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 32 << 20, form


def test_what_does_not_fit_a_machine(tmp_path: Path) -> None:
    mib = 1 << 20
    refuse_too_large(8 * mib, 10 * mib, 60 * mib, 120 * mib)
    refuse_too_large(8 * mib, 10 * mib, 60 * mib, None)
    with pytest.raises(
        InputError, match=r"memory of 100 MiB: kernel 8 MiB, initrd 10 MiB, unpacked 60 MiB.*give the machine 120 MiB"
    ):
        refuse_too_large(8 * mib, 10 * mib, 60 * mib, 100 * mib)
    with pytest.raises(InputError, match="does not fit the memory"):
        write_image(format_of("kernel+initrd"), replace(job(tmp_path), memory=mib))
    assert not (tmp_path / "out").exists()


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "images_of", lambda _: usual())
    path = tmp_path / "my image.yml"
    path.write_text(f"{YAML}trust: {{}}\n")
    assert command.build([path], "x86_64", "tar", tmp_path / "out") == 0
    said = capsys.readouterr()
    assert said.out.split() == [f"{tmp_path}/out/my_image.tar", f"{tmp_path}/out/my_image.tar.spdx.json"]
    assert "`trust` is not checked" in said.err
    with pytest.raises(InputError, match="did you mean 'x86_64'"):
        command.build([path], "x86-64", "tar", tmp_path / "out")
