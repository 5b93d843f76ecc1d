"""An EFI program whose initrd was put in afterwards is the one that ukify would have made of it."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path

import pytest

from harness.errors import HostError, InputError
from harness.image.media.loaderfiles import loader_files
from harness.image.media.payload import Payload
from harness.image.media.pesection import replace_last
from harness.image.media.tools import run_argv
from harness.image.media.uki import efi_file, write_uki
from harness.words import Arch
from tests.unit.image.fakes import KERNEL


@pytest.fixture
def payload(tmp_path: Path) -> Payload:
    made = Payload(tmp_path, tmp_path / "kernel", tmp_path / "cmdline", tmp_path / "initrd.img")
    made.cmdline.write_text("console=ttyS0")
    made.kernel.write_bytes(KERNEL)
    return made


def by_ukify(made: Payload, arch: Arch) -> bytes:
    """All of it by ukify itself."""
    out = made.folder / "by-ukify"
    name = {"x86_64": "x64", "arm64": "aa64"}[arch.value]
    ukify = loader_files("systemd-ukify", "amd64", "usr/bin") / "ukify"
    words = [
        f"--linux={made.kernel}", f"--initrd={made.initrd}", f"--cmdline=@{made.cmdline}", f"--output={out}",
        f"--stub={efi_file('linux{}.efi.stub', arch)}", f"--os-release=@{made.folder}/os-release", "--uname=",
        f"--efi-arch={name}",
    ]  # fmt: skip
    run_argv([sys.executable, "-I", str(ukify), "--config=/dev/null", "build", *words], cwd=made.folder)
    return out.read_bytes()


@pytest.mark.parametrize("arch", [Arch.X86_64, Arch.ARM64])
@pytest.mark.parametrize("size", [1, 511, 512, 4096, 1_000_003])
def test_the_program_is_ukifys_to_the_byte(payload: Payload, arch: Arch, size: int) -> None:
    payload.initrd.write_bytes(b"i" * size)
    assert write_uki(payload, arch, "it").read_bytes() == by_ukify(payload, arch)


def test_memory_does_not_grow_with_the_initrd(payload: Payload) -> None:
    payload.initrd.write_bytes(b"")
    program = write_uki(payload, Arch.X86_64, "it")
    with payload.initrd.open("wb") as stream:
        stream.truncate(200 << 20)
    tracemalloc.start()
    try:
        replace_last(program, ".initrd", payload.initrd)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert program.stat().st_size > 200 << 20
    assert peak < 16 << 20


def test_nothing_is_left_in_the_folder_of_temporary_files(
    payload: Payload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a kernel that is packed, ukify leaves what it unpacked, until the payload's folder goes."""
    import gzip

    payload.kernel.write_bytes(gzip.compress(KERNEL))
    payload.initrd.write_bytes(b"i")
    before = set(Path("/tmp").glob("linux-decompressed*"))
    monkeypatch.setattr("harness.image.media.uki.refuse_without_efi", lambda *_words: None)
    write_uki(payload, Arch.ARM64, "it")
    assert set(Path("/tmp").glob("linux-decompressed*")) == before
    assert list(tmp_path.glob("linux-decompressed*")), "or this test sees nothing"


def test_what_does_not_fit_or_lies_elsewhere_is_refused(payload: Payload) -> None:
    payload.initrd.write_bytes(b"i")
    program = write_uki(payload, Arch.X86_64, "it")
    before = program.read_bytes()
    with pytest.raises(HostError, match=r"another last section than \.linux"):
        replace_last(program, ".linux", payload.initrd)
    with payload.initrd.open("wb") as stream:
        stream.truncate(4 << 30)
    with pytest.raises(InputError, match="4294967296 bytes does not fit"):
        replace_last(program, ".initrd", payload.initrd)
    assert program.read_bytes() == before
