"""The initrd of a cell whose image is an assembly, from images in memory and a kernel from an archive in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from harness.errors import InputError
from harness.image.assemblyinitrd import assembly_initrd
from harness.image.entries import file
from harness.image.incell import InCell
from harness.image.initrdcheck import check_initrd
from harness.image.sshkey import public_half, ssh_key
from harness.kernel.distro import distro_kernel
from harness.plan.target import Target
from harness.store import Store
from tests.unit.image.fakes import Source

Make = Callable[..., Target]
YAML = """
kernel: {image: not-the-cells}
init: [base]
services: [{name: web, image: served}]
files: [{path: etc/said, source: said.txt}]
"""


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an assembly; `base` has 20 MiB that do not compress."""
    source = Source()
    source.add("docker.io/library/base", [file("init", b"#!/bin/sh\n"), file("noise", os.urandom(20 << 20))])
    source.add("docker.io/library/served", [file("served", b"by a container")])
    monkeypatch.setattr("harness.image.assemblyinitrd.image_source", lambda *_: source)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/said.txt").write_text("said once")
    path = tmp_path / "mine/mine.yml"
    path.write_text(YAML)
    return path


def asked(**more: object) -> InCell:
    return InCell.model_validate({"description": "x", **more})


def unpacked(path: Path) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())


def test_content(store: Store, archive: Path, target: Make, image: Path) -> None:
    """The assembly, without its kernel, and what the target's init must know."""
    board = target(console={"device": "ttyAMA0", "channel": "ttyAMA1"})
    kernel = distro_kernel(board, store)
    path = assembly_initrd(board, image, asked(key="root/.ssh/authorized_keys"), kernel, store)
    check_initrd(path)
    data = unpacked(path)
    for name in (b"containers/services/web/config.json", b"etc/said", b"etc/bootmatrix/steps"):
        assert name + b"\0" in data or b"/" + name + b"\0" in data, name
    assert b"channel ttyAMA1" in data
    assert public_half(ssh_key(store)) in data
    assert b"boot/kernel\0" not in data
    assert public_half(ssh_key(store)) not in unpacked(assembly_initrd(board, image, asked(), kernel, store))


def test_what_makes_another_one(store: Store, archive: Path, target: Make, image: Path) -> None:
    board = target()
    kernel = distro_kernel(board, store)
    first = assembly_initrd(board, image, asked(), kernel, store)
    assert assembly_initrd(target(name="other"), image, asked(), kernel, store) == first
    (image.parent / "said.txt").write_text("said twice")
    second = assembly_initrd(board, image, asked(), kernel, store)
    assert second != first
    assert b"said twice" in unpacked(second)
    assert assembly_initrd(target(nics=[{"model": "virtio-net-pci"}]), image, asked(), kernel, store) != second


def test_same_bytes_whoever_makes_it(tmp_path: Path, archive: Path, target: Make, image: Path) -> None:
    made = []
    for name in ("one", "two"):
        store = Store(tmp_path / name)
        made.append(assembly_initrd(target(), image, asked(), distro_kernel(target(), store), store).read_bytes())
    assert made[0] == made[1]


def test_too_large_for_the_memory_is_refused_with_the_numbers(
    store: Store, archive: Path, target: Make, image: Path
) -> None:
    small = target(machine={"type": "virt", "memory": 40})
    for _ in range(2):  # also where it lies in the store already
        with pytest.raises(InputError, match=r"does not fit the memory of 40 MiB: .*initrd 2\d MiB.*unpacked 2\d MiB"):
            assembly_initrd(small, image, asked(), distro_kernel(small, store), store)


def test_a_key_is_made_once_and_for_its_owner(store: Store) -> None:
    key = ssh_key(store)
    assert ssh_key(store) == key
    assert key.stat().st_mode & 0o077 == 0
    assert public_half(key).startswith(b"ssh-ed25519 ")
