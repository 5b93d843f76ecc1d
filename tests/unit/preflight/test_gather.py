"""From files to facts: what QEMU's command line, an initrd and a kernel's configuration say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.image import cpio
from harness.image.entries import file
from harness.kernel.artifact import KernelArtifact
from harness.machine.qemu.argv import DiskFile, Media
from harness.plan.target import Target
from harness.preflight.gather import gather, image_needs
from harness.preflight.knowledge import kept_knowledge, read_knowledge
from harness.store import Store
from harness.words import Arch


def kernel(config: Path | None) -> KernelArtifact:
    return KernelArtifact(Path("/kernel"), "6.1.0", Arch.ARM64, config, None, None, None, "of a test", "key")


def test_the_facts_of_a_boot(tmp_path: Path, target: Callable[..., Target], store: Store) -> None:
    initrd, config = tmp_path / "initrd", tmp_path / "config-6.1.0"
    with initrd.open("wb") as out:
        cpio.write([file("init", b"#!/bin/sh\n", executable=True)], out)
    config.write_text('CONFIG_TTY=y\nCONFIG_USB=m\n# CONFIG_PCI is not set\nCONFIG_CMDLINE="a b"\r\n')
    board = target(disks=[{"bus": "scsi"}, {"bus": "sd"}], nics=[{"model": "igb"}, {"model": "onboard"}])
    media = Media(initrd=initrd, cmdline=("console=ttyAMA0",), disks=(DiskFile(Path("/disk")),))
    facts = gather(board, kernel(config), media, store, needs=image_needs("minimal", board))
    assert facts.devices == ("virtio-scsi-pci", "scsi-hd", "igb")
    assert (facts.buses, facts.onboard_nic) == (("scsi",), True)
    assert dict(facts.symbols) == {"TTY": "y", "USB": "m", "CMDLINE": '"a b"'}
    assert facts.config_certain
    assert facts.initrd
    assert facts.initrd.program("/init")
    assert "dhcp" in facts.needs
    assert "iso9660" not in facts.needs


def test_where_a_configuration_is_certain(tmp_path: Path, target: Callable[..., Target], store: Store) -> None:
    config = tmp_path / ".config"
    config.write_text("CONFIG_TTY=y\n")
    assert not gather(target(), kernel(config), Media(), store).config_certain
    unknown = gather(target(), kernel(None), Media(), store)
    assert unknown.config is None


def test_an_initrd_that_changes_is_read_again(tmp_path: Path, target: Callable[..., Target], store: Store) -> None:
    initrd = tmp_path / "initrd"
    for name in ("one", "another"):
        with initrd.open("wb") as out:
            cpio.write([file(name, b"#!/bin/sh\n", executable=True)], out)
        found = gather(target(), kernel(None), Media(initrd=initrd), store).initrd
        assert found
        assert list(found.programs) == [name]


def test_what_is_kept_is_what_was_read(store: Store) -> None:
    assert kept_knowledge(store) == read_knowledge()
    assert kept_knowledge(Store(store.root)) == read_knowledge()


def test_a_tree_that_nobody_understands_is_left_to_the_boot(
    tmp_path: Path, target: Callable[..., Target], store: Store
) -> None:
    dtb = tmp_path / "x.dtb"
    dtb.write_bytes(b"nonsense")
    assert gather(target(), kernel(None), Media(dtb=dtb), store).tree is None
