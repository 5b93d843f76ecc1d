"""From a target's drivers to the modules to ship and load."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest
import zstandard

from harness.errors import HostError, InputError
from harness.kernel.modules import closure, copy_module, name_of, read_index, unpacked_module

DEP = """\
kernel/mmc/sdhci-iproc.ko: kernel/mmc/sdhci-pltfm.ko kernel/mmc/sdhci.ko
kernel/mmc/sdhci-pltfm.ko: kernel/mmc/sdhci.ko
kernel/mmc/sdhci.ko:
kernel/fs/ext4.ko.xz: kernel/fs/jbd2.ko.xz
kernel/fs/jbd2.ko.xz:
kernel/crypto/crc32c_generic.ko:
kernel/crypto/crc32c-intel.ko:
kernel/net/after.ko:
kernel/loop/a.ko:
kernel/loop/b.ko:
"""
SOFTDEP = """\
# a comment
softdep jbd2 pre: crc32c
softdep ext4 pre: nothing-there post: after
softdep a pre: b
softdep b pre: a
"""
ALIAS = "alias crc32c crc32c_generic\nalias crc32c crc32c-intel\nalias pci:v0000* sdhci\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "modules.dep").write_text(DEP)
    (tmp_path / "modules.softdep").write_text(SOFTDEP)
    (tmp_path / "modules.alias").write_text(ALIAS)
    (tmp_path / "modules.builtin").write_text("kernel/drivers/net/virtio-net.ko\n")
    return tmp_path


def test_dependencies_and_names(folder: Path) -> None:
    found = closure(read_index(folder), ["sdhci_iproc", "sdhci-iproc", "virtio_net"])
    assert found.load == ("sdhci_iproc",)
    assert found.files == ("kernel/mmc/sdhci-iproc.ko", "kernel/mmc/sdhci-pltfm.ko", "kernel/mmc/sdhci.ko")


def test_order_is_the_targets(folder: Path) -> None:
    index = read_index(folder)
    assert closure(index, ["after", "sdhci"]).load == ("after", "sdhci")
    assert closure(index, ["sdhci", "after"]).load == ("sdhci", "after")


def test_soft_dependencies_come_first(folder: Path) -> None:
    found = closure(read_index(folder), ["ext4"])
    assert found.load == ("crc32c_generic", "crc32c_intel", "ext4")
    assert "kernel/crypto/crc32c-intel.ko" in found.files


def test_circles_of_soft_dependencies_end(folder: Path) -> None:
    assert set(closure(read_index(folder), ["a"]).load) == {"a", "b"}


def test_optional_ones_may_be_missing(folder: Path) -> None:
    assert closure(read_index(folder), [], ["isofs", "after"]).load == ("after",)


def test_unknown_driver_names_the_nearest(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no driver sdhci-iprok.*did you mean sdhci_iproc"):
        closure(read_index(folder), ["sdhci-iprok"])


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"no modules\.dep.*depmod"):
        read_index(tmp_path)


@pytest.mark.parametrize("file", ["a/snd-hda.ko", "snd_hda.ko.xz", "x/snd-hda.ko.zst", "snd-hda.ko.gz", "snd-hda"])
def test_names(file: str) -> None:
    assert name_of(file) == "snd_hda"


@pytest.mark.parametrize(
    "packed",
    [b"\x7fELF", lzma.compress(b"\x7fELF"), zstandard.compress(b"\x7fELF"), gzip.compress(b"\x7fELF", mtime=0)],
)
def test_shipped_unpacked(tmp_path: Path, packed: bytes) -> None:
    (tmp_path / "k").mkdir()
    (tmp_path / "k/a-b.ko.xz").write_bytes(packed)
    assert copy_module(tmp_path, tmp_path / "out", "k/a-b.ko.xz") == "k/a-b.ko"
    assert (tmp_path / "out/k/a-b.ko").read_bytes() == b"\x7fELF"


def test_damaged_module() -> None:
    with pytest.raises(HostError, match="damaged module"):
        unpacked_module(lzma.compress(b"x" * 1000)[:40], "a.ko.xz")
