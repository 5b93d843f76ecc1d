"""The small initrd that finds a root file system: what it brings along of an image's modules."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image.entries import Entry, file
from harness.image.media.rootfinder import write_finder
from harness.words import Arch
from tests.unit.image.test_cpio import read

BASE = "lib/modules/6.1.0"


def modules(*, builtin: bytes = b"kernel/fs/ext4.ko\n") -> list[Entry]:
    dep = b"kernel/fs/squashfs.ko.gz:\nkernel/drivers/nvme.ko: kernel/drivers/nvme-core.ko\n"
    dep += b"kernel/drivers/nvme-core.ko:\nkernel/sound/snd.ko:\n"
    names = ("kernel/drivers/nvme.ko", "kernel/drivers/nvme-core.ko", "kernel/sound/snd.ko")
    return [
        *(file(f"{BASE}/{name}", name.encode()) for name in names),
        file(f"{BASE}/kernel/fs/squashfs.ko.gz", gzip.compress(b"squashfs", mtime=0)),
        file(f"{BASE}/modules.dep", dep),
        file(f"{BASE}/modules.builtin", builtin),
        file(f"{BASE}/modules.order", b""),
    ]


def found(tmp_path: Path, entries: Sequence[Entry], fs: str = "squashfs", ucode: Entry | None = None) -> bytes:
    image = tmp_path / "image"
    image.write_bytes(b"hsqs" + bytes(100000))
    path = tmp_path / "initrd"
    write_finder(entries, Arch.X86_64, fs, image, path, tmp_path, ucode)
    return path.read_bytes()


def test_it_has_the_modules_of_disks_and_no_others(tmp_path: Path) -> None:
    inside = read(gzip.decompress(found(tmp_path, modules())))
    assert inside[f"{BASE}/kernel/fs/squashfs.ko"][1] == b"squashfs", "unpacked, for busybox's modprobe"
    assert f"{BASE}/kernel/drivers/nvme-core.ko" in inside
    assert f"{BASE}/kernel/sound/snd.ko" not in inside
    assert f"{BASE}/modules.dep" in inside
    assert inside["etc/root-finder/type"][1] == b"squashfs\n"
    assert inside["etc/root-finder/head"][1] == b"hsqs" + bytes(65532)
    assert inside["init"][1].startswith(b"#!/bin/sh")
    assert "usr/bin/busybox" in inside


def test_a_kernel_without_modules_has_all_built_in(tmp_path: Path) -> None:
    inside = read(gzip.decompress(found(tmp_path, [])))
    assert not any(name.startswith("lib/modules") for name in inside)


def test_a_kernel_without_the_file_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"kernel 6\.1\.0 has no erofs; take a kernel with it"):
        found(tmp_path, modules(), "erofs")


def test_microcode_comes_first(tmp_path: Path) -> None:
    assert found(tmp_path, [], ucode=file("boot/ucode.cpio", b"ucode")).startswith(b"ucode\0\0\0\x1f\x8b")
