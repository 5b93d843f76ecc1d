"""The initrd of a target, from an archive in a folder; and the recipes that ship."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from harness.errors import InputError
from harness.image.assemble import assemble, cmdline_of
from harness.image.initrd import initrd
from harness.image.initrdcheck import check_initrd
from harness.image.recipe import COMPONENTS, IMAGES, component, image
from harness.image.steps import helpers_of, steps_of
from harness.kernel.distro import distro_kernel
from harness.plan.target import Target
from harness.store import Store

Make = Callable[..., Target]


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


def test_content(store: Store, archive: Path, target: Make) -> None:
    board = target()
    path = initrd(board, "minimal", distro_kernel(board, store), store)
    check_initrd(path)
    assert path.read_bytes().startswith(b"\x28\xb5\x2f\xfd")  # its kernel has CONFIG_RD_ZSTD=y
    data = unpacked(path)
    for name in (b"init", b"bin/busybox", b"bin/sh", b"dev/console", b"etc/bootmatrix/steps", b"etc/bootmatrix/dhcp"):
        assert b"\0" * 0 + name + b"\0" in data
    assert b"\x7fELFnot really" in data


def test_packed_as_the_kernel_unpacks_it(store: Store, archive: Path, target: Make) -> None:
    """zstd where the kernel knows it, gzip where it does not, and nothing to unpack for a matched kernel."""
    board = target()
    kernel = distro_kernel(board, store)
    packed = initrd(board, "minimal", kernel, store)
    unknown = initrd(board, "minimal", replace(kernel, config=None), store)
    bare = replace(kernel, modules=None)
    plain = initrd(board, "minimal", replace(bare, matched=True), store)
    assert [path.read_bytes()[:4] for path in (packed, unknown, plain)] == [
        b"\x28\xb5\x2f\xfd",
        b"\x1f\x8b\x08\x00",
        b"0707",
    ]
    assert unpacked(initrd(board, "minimal", bare, store)) == plain.read_bytes()


def test_same_bytes_whoever_makes_it(
    tmp_path: Path, archive: Path, target: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = target(disks=[{"bus": "virtio"}], nics=[{"model": "virtio-net-pci"}])
    made = []
    for mask, locale in ((0o022, "C"), (0o077, "tr_TR.UTF-8"), (0o000, "de_DE")):
        monkeypatch.setenv("LC_ALL", locale)
        before = os.umask(mask)
        try:
            store = Store(tmp_path / f"cache of {mask}")
            made.append(initrd(board, "minimal", distro_kernel(board, store), store).read_bytes())
        finally:
            os.umask(before)
    assert made[0] == made[1] == made[2]


def test_key_follows_what_matters(store: Store, archive: Path, target: Make) -> None:
    kernel = distro_kernel(target(), store)
    first = initrd(target(), "minimal", kernel, store)
    assert initrd(target(name="other", machine={"type": "raspi3b"}), "minimal", kernel, store) == first
    assert initrd(target(nics=[{"model": "onboard"}]), "minimal", kernel, store) != first


def test_assemble(store: Store, archive: Path, target: Make) -> None:
    board = target(kernel={"package": "linux-image-arm64", "dtb": "broadcom/board.dtb"}, cmdline=["quiet", "a.b=c,d"])
    files = assemble(board, "minimal", "distro", "direct", store)
    assert files.dtb is not None
    assert files.dtb.name == "board.dtb"
    assert files.initrd is not None
    assert files.cmdline == ("console=ttyAMA0", "panic=0", "quiet", "a.b=c,d")
    assert assemble(board, "minimal", "distro", "direct", store) == files


def test_assemble_with_a_file(store: Store, archive: Path, target: Make, tmp_path: Path) -> None:
    (tmp_path / "Image").write_bytes(bytes(0x38) + b"ARM\x64" + bytes(1000))
    files = assemble(target(), "minimal", tmp_path / "Image", "direct", store)
    assert files.kernel.image == tmp_path / "Image"
    assert files.initrd is not None
    assert files.initrd.read_bytes().startswith(b"\x1f\x8b")  # nothing is known of the kernel: what all of them take
    check_initrd(files.initrd)


def test_names_that_are_not_known(store: Store, archive: Path, target: Make) -> None:
    with pytest.raises(InputError, match=r"kernel 'distor' is not known; did you mean distro"):
        assemble(target(), "minimal", "distor", "direct", store)
    with pytest.raises(InputError, match=r"media 'pxe' is not known"):
        assemble(target(), "minimal", "distro", "pxe", store)
    with pytest.raises(InputError, match=r"no image 'minimla'; did you mean 'minimal'"):
        assemble(target(), "minimla", "distro", "direct", store)
    with pytest.raises(InputError, match="no image"):
        image("../images/minimal")


def test_image_of_the_users(store: Store, archive: Path, target: Make, tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("description: mine\ninit: [init]\n")
    files = assemble(target(), tmp_path / "mine.yml", "distro", "direct", store)
    assert files.initrd is not None
    assert b"busybox\0" not in unpacked(files.initrd)
    (tmp_path / "bad.yml").write_text("description: mine\ninit: [inti]\n")
    with pytest.raises(InputError, match=r"no component 'inti'; did you mean 'init'"):
        assemble(target(), tmp_path / "bad.yml", "distro", "direct", store)


def test_serial_speed(target: Make) -> None:
    assert cmdline_of(target(console={"device": "ttyS0", "baud": 115200}))[0] == "console=ttyS0,115200n8"


def test_steps(target: Make) -> None:
    board = target(
        disks=[{"bus": "virtio"}, {"bus": "virtio", "content": "nocloud"}, {"bus": "scsi"}],
        nics=[{"model": "virtio-net-pci"}],
        console={"device": "ttyS0", "channel": "ttyS1", "baud": 115200},
    )
    assert steps_of(board, ("virtio_blk", "sd_mod")) == (
        "drivers virtio_blk sd_mod\ndisks 0 2\nnetwork yes\nmetadata nocloud\nchannel ttyS1\nbaud 115200\n"
    )
    assert helpers_of(board) == ("af_packet", "isofs")
    assert steps_of(target(), ()) == ""


def test_every_recipe_that_ships_is_sound() -> None:
    names = [path.stem for path in IMAGES.glob("*.yml")]
    assert "minimal" in names
    for name in names:
        for part in image(name).init:
            assert component(part).description
    assert [path.parent.name for path in COMPONENTS.glob("*/component.yml")]


@pytest.mark.parametrize("script", sorted(COMPONENTS.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_scripts_parse(script: Path) -> None:
    if not script.read_bytes().startswith(b"#!"):
        return
    done = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("descripton: x\n", r"component\.yml:1 \(descripton\): unknown key.*did you mean 'description'"),
        ("description: x\nlinks: {../a: b}\n", "component.yml:2"),
        ("description: x\nown: {a: ../../x}\n", "component.yml:2"),
        ("description: x\nown: {a: missing}\n", r"component\.yml:2 \(own\.a\): there is no file 'missing'"),
        ("description: x\nfiles: {a: [b]}\n", r"component\.yml:2 \(files\): files are taken from a package"),
        ("description: x\npackage: --evil\n", "component.yml:2"),
    ],
)
def test_bad_recipes(tmp_path: Path, recipe: str, message: str) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part/component.yml").write_text(recipe)
    with pytest.raises(InputError, match=message):
        component("part", tmp_path)
