"""Somebody else's kernel and initrd: refused where they are none, and handed over to whoever insists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image import cpio
from harness.image.entries import file
from harness.plan.target import Target
from harness.run.foreign import Foreign, ForeignWork
from harness.store import Store


def arm64_image() -> bytes:
    return (bytes(0x38) + b"ARM\x64").ljust(4096, b"\0")


def an_initrd(path: Path) -> Path:
    with path.open("wb") as out:
        cpio.write([file("init", b"#!/bin/sh\n", executable=True)], out)
    return path


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["kernel", "initrd"])
def test_what_is_none_is_refused_at_once(
    name: str, tmp_path: Path, target: Callable[..., Target], store: Store
) -> None:
    good = {"kernel": put(tmp_path / "kernel", arm64_image()), "initrd": an_initrd(tmp_path / "initrd")}
    bad = put(tmp_path / "bad", b"nothing of the kind, but long enough to be looked at" * 40)
    with pytest.raises(InputError):
        ForeignWork(target(), Foreign(**(good | {name: bad})), store)
    work = ForeignWork(target(), Foreign(**(good | {name: bad})), store, insists=True)
    prepared = work.prepare(tmp_path, lambda _: None)
    assert prepared.facts
    assert set(prepared.facts.complaints) == {name}
    assert prepared.facts.has_initrd
    assert (prepared.facts.initrd is None) is (name == "initrd")
    assert prepared.findings[0].level == "error"
    assert str(prepared.findings[0]).startswith(f"the {name} file: ")


def test_what_cannot_be_read_is_refused_whoever_insists(
    tmp_path: Path, target: Callable[..., Target], store: Store
) -> None:
    kernel = put(tmp_path / "kernel", arm64_image())
    for gone in (Foreign(kernel=tmp_path / "gone"), Foreign(kernel=kernel, initrd=tmp_path / "gone")):
        with pytest.raises(InputError):
            ForeignWork(target(), gone, store, insists=True)
    with pytest.raises(InputError):
        ForeignWork(target(), Foreign(kernel=kernel, initrd=put(tmp_path / "empty", b"")), store, insists=True)


def test_what_lies_beside_a_kernel_is_its_own(tmp_path: Path, target: Callable[..., Target], store: Store) -> None:
    kernel = put(tmp_path / "vmlinuz-6.1.0", arm64_image())
    for name in ("System.map-6.1.0", "config-6.1.0", "System.map-6.2.0"):
        put(tmp_path / name, b"CONFIG_TTY=y\n")
    prepared = ForeignWork(target(), Foreign(kernel=kernel), store).prepare(tmp_path, lambda _: None)
    assert prepared.system_map == tmp_path / "System.map-6.1.0"
    assert prepared.facts
    assert prepared.facts.config == {"TTY": "y"}
    put(tmp_path / "other", arm64_image())
    other = ForeignWork(target(), Foreign(kernel=tmp_path / "other"), store).prepare(tmp_path, lambda _: None)
    assert other.system_map is None
