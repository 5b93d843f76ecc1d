"""The QEMU binary: found, asked once, and refused when it is missing, broken or too old."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.errors import HostError
from harness.machine.qemu.binary import find_qemu
from harness.words import Arch


class Bin:
    """A folder on PATH with a QEMU that counts how often it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        self.asked = folder / "asked"

    def qemu(self, text: str) -> None:
        path = self.folder / "qemu-system-arm"
        path.write_text(f"#!/bin/sh\necho x >>{self.asked}\n{text}\n")
        path.chmod(0o755)

    def times(self) -> int:
        return len(self.asked.read_text().split())


@pytest.fixture
def bin_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bin:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Bin(tmp_path)


def test_asked_once_and_again_when_it_changes(bin_: Bin) -> None:
    bin_.qemu("echo 'QEMU emulator version 10.0.2 (Debian 1:10.0.2)'")
    for _ in range(2):
        found = find_qemu(Arch.ARMHF, bin_.cache)
        assert (found.path, found.version) == (bin_.folder / "qemu-system-arm", "10.0.2")
    assert bin_.times() == 1
    bin_.qemu("echo 'QEMU emulator version 10.1.0'")
    assert find_qemu(Arch.ARMHF, bin_.cache).version == "10.1.0"


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"x": 1}'])
def test_damaged_cache(bin_: Bin, text: str) -> None:
    bin_.cache.mkdir()
    (bin_.cache / "qemu-versions.json").write_text(text)
    bin_.qemu("echo 'QEMU emulator version 11.2.0'")
    assert find_qemu(Arch.ARMHF, bin_.cache).version == "11.2.0"


def test_cache_that_cannot_be_written(bin_: Bin) -> None:
    bin_.cache.write_bytes(b"a file")
    bin_.qemu("echo 'QEMU emulator version 10.0.2'")
    assert find_qemu(Arch.ARMHF, bin_.cache).version == "10.0.2"


@pytest.mark.parametrize("version", ["7.2.13", "9.2.0", "2.10.0"])
def test_too_old(bin_: Bin, version: str) -> None:
    bin_.qemu(f"echo 'QEMU emulator version {version}'")
    with pytest.raises(HostError, match=rf"is version {version}, and bootmatrix needs 10\.0 or newer"):
        find_qemu(Arch.ARMHF, bin_.cache)


@pytest.mark.parametrize("text", ["echo broken library >&2; exit 127", "exit 0", "echo version x"])
def test_does_not_run(bin_: Bin, text: str) -> None:
    bin_.qemu(text)
    with pytest.raises(HostError, match="install QEMU again"):
        find_qemu(Arch.ARMHF, bin_.cache)


def test_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="qemu-system-aarch64 is not installed"):
        find_qemu(Arch.ARM64, tmp_path)


@pytest.mark.parametrize("arch", list(Arch))
def test_a_missing_one_is_told_with_debians_package_and_the_call_that_installs_it(
    bin_: Bin, monkeypatch: pytest.MonkeyPatch, arch: Arch
) -> None:
    """Asked of the script itself: what it does not install, the hint must not promise."""
    monkeypatch.setenv("PATH", str(bin_.folder / "empty"))
    with pytest.raises(HostError, match=f"qemu-system-{arch.qemu} is not installed") as caught:
        find_qemu(arch, bin_.cache)
    hint = caught.value.hint or ""
    script = (Path(__file__).parents[3] / "bootmatrix").read_text()
    machines, more = (
        dict(pair.split(":") for pair in re.findall(rf"^{name}='([^']*)'", script, re.MULTILINE)[0].split())
        for name in ("machines", "more_machines")
    )
    call, known = ("setup nightly", more) if "setup nightly" in hint else ("list", machines)
    # One package has x86_64 and i386; the script asks for the first.
    package = known.get(arch.qemu) or {"i386": machines["x86_64"]}[arch.qemu]
    assert f"./bootmatrix {call}," in hint
    assert f"install qemu-system-{package} " in hint
