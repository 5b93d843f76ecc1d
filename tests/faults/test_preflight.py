"""Preflight on the real targets with Debian's kernels: silent on all, and each symbol that is taken out is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from harness.image.assemble import assemble
from harness.plan.cells import plan
from harness.plan.select import select
from harness.preflight.facts import Facts
from harness.preflight.finding import Level, errors
from harness.preflight.gather import gather, image_needs
from harness.preflight.preflight import preflight
from harness.run.cellwork import CellWork
from harness.store import Store
from tests.boot.conftest import ROOT, Ended, bootmatrix
from tests.faults.conftest import prepared

__all__ = ["bootmatrix"]

TARGETS = sorted({cell.target.name for cell in select(plan(ROOT), suite="quick")})


@cache
def facts_of(target: str) -> Facts:
    """The facts of a target's own cell, with its distro kernel."""
    store = Store()
    cell = select(plan(ROOT), [target])[0]
    with TemporaryDirectory() as folder:
        media = CellWork(cell, store).prepare(Path(folder), lambda _: None).media
        files = assemble(cell.target, cell.image, cell.kernel, cell.media, store)
        return gather(cell.target, files.kernel, media, store, needs=image_needs(cell.image, cell.target))


def without(facts: Facts, *symbols: str) -> Facts:
    """The same boot with a kernel that lacks some symbols."""
    config = dict(facts.symbols)
    for symbol in symbols:
        assert symbol in config, f"{symbol} is not in {facts.release}: taking it out proves nothing"
        del config[symbol]
    return replace(facts, config=config)


@pytest.mark.parametrize("target", TARGETS)
def test_what_boots_is_not_complained_of(target: str) -> None:
    facts = facts_of(target)
    assert facts.config
    assert facts.initrd
    assert preflight(facts) == ()


FAULTS = [
    ("x86_64-cloud-microvm", "SERIAL_8250_CONSOLE", "no-output"),
    ("x86_64-cloud-kvm", "SERIAL_8250_CONSOLE", "hang"),
    ("arm64-cloud-virt", "SERIAL_AMBA_PL011_CONSOLE", "no-output"),
    ("arm64-cloud-virt", "SERIAL_AMBA_PL011", "no-output"),
    ("arm64-cloud-virt", "TTY", "no-output"),
    ("raspi3b", "SERIAL_8250_BCM2835AUX", "no-output"),
    ("raspi2b", "SERIAL_AMBA_PL011_CONSOLE", "no-output"),
    ("orangepi-pc", "SERIAL_8250_DW", "hang"),
    ("sabrelite", "SERIAL_IMX_CONSOLE", "hang"),
    ("arm64-cloud-virt", "BLK_DEV_INITRD", "no-rootfs"),
    ("x86_64-cloud-kvm", "RD_ZSTD", "no-rootfs"),
    ("arm64-cloud-virt", "BINFMT_ELF", "init-died"),
    ("arm64-cloud-virt", "BINFMT_SCRIPT", "hang"),
    ("sabrelite", "ARM_THUMB", "init-died"),
    ("arm64-cloud-virt", "DEVTMPFS", "hang"),
    ("arm64-cloud-virt", "PROC_FS", "init-died"),
    ("arm64-cloud-virt", "SYSFS", None),
    ("arm64-cloud-virt", "PRINTK", "no-output"),
    ("arm64-cloud-virt", "PCI", "service-failed"),
    ("arm64-cloud-virt", "VIRTIO_PCI", "service-failed"),
    ("arm64-cloud-virt", "VIRTIO_BLK", "service-failed"),
    ("arm64-cloud-virt", "VIRTIO_NET", "service-failed"),
    ("x86_64-cloud-microvm", "VIRTIO_MMIO", "service-failed"),
    ("x86_64-baremetal-bios", "SATA_AHCI", "service-failed"),
    ("x86_64-baremetal-bios", "BLK_DEV_SD", "service-failed"),
    ("x86_64-baremetal-bios", "E1000E", "service-failed"),
    ("x86_64-baremetal-uefi", "BLK_DEV_NVME", "service-failed"),
    ("x86_64-baremetal-uefi", "IGB", "service-failed"),
    ("x86_64-baremetal-uefi", "EFI", None),
    ("x86_64-hyperv-gen1", "VIRTIO_NET", "service-failed"),
    ("x86_64-baremetal-legacy", "E1000", "service-failed"),
    ("x86_64-hyperv-gen2", "SCSI_VIRTIO", "service-failed"),
    ("x86_64-cloud-kvm", "ISO9660_FS", "service-failed"),
    ("arm64-cloud-virt", "PACKET", "service-failed"),
    ("arm64-cloud-virt", "INET", "service-failed"),
    ("arm64-cloud-virt", "MODULES", "service-failed"),
    ("sabrelite", "MMC_SDHCI_ESDHC_IMX", "service-failed"),
    ("sabrelite", "FEC", "service-failed"),
    ("orangepi-pc", "MMC_SUNXI", "service-failed"),
    ("orangepi-pc", "DWMAC_SUN8I", "service-failed"),
]


@pytest.mark.parametrize(("target", "symbol", "outcome"), FAULTS, ids=[f"{fault[0]}-{fault[1]}" for fault in FAULTS])
def test_a_symbol_that_is_missing_is_named(target: str, symbol: str, outcome: str | None) -> None:
    found = errors(preflight(without(facts_of(target), symbol)))
    assert [(one.symbol, one.predicts) for one in found] == [(f"CONFIG_{symbol}", outcome)]


def test_of_two_drivers_for_one_card_either_will_do() -> None:
    facts = without(facts_of("raspi3b"), "MMC_BCM2835")
    (found,) = errors(preflight(facts))
    assert found.symbol == "CONFIG_MMC_BCM2835"
    assert "CONFIG_MMC_BCM2835_SDHOST" in found.what
    vendor = replace(facts, config={**facts.symbols, "MMC_BCM2835_SDHOST": "y"})
    assert errors(preflight(vendor)) == ()


def test_a_driver_as_module_counts_where_the_initrd_brings_it() -> None:
    facts = facts_of("arm64-cloud-virt")
    assert facts.initrd
    assert facts.symbols["VIRTIO_BLK"] == "m"
    kept = tuple(file for file in facts.initrd.modules if "virtio_blk" not in file)
    assert kept != facts.initrd.modules
    (found,) = errors(preflight(replace(facts, initrd=facts.initrd._replace(modules=kept))))
    assert (found.symbol, found.what) == (
        "CONFIG_VIRTIO_BLK",
        "CONFIG_VIRTIO_BLK is m, and the initrd has no module virtio_blk",
    )


def test_an_unknown_configuration_refuses_nothing() -> None:
    (found,) = preflight(replace(facts_of("raspi3b"), config=None))
    assert found.level is Level.WARNING
    assert "not known" in found.what


def test_a_configuration_that_may_have_changed_refuses_nothing() -> None:
    facts = replace(without(facts_of("arm64-cloud-virt"), "SERIAL_AMBA_PL011_CONSOLE"), config_certain=False)
    found = preflight(facts)
    assert errors(found) == ()
    assert "CONFIG_SERIAL_AMBA_PL011_CONSOLE" in {one.symbol for one in found}


def _user_kernel(tmp_path: Path) -> Path:
    """The cloud's arm64 kernel as a file of a user's, with its configuration beside it, as in /boot."""
    facts = facts_of("arm64-cloud-virt")
    kernel = prepared("arm64-cloud-virt", tmp_path / "files").media.kernel
    assert kernel
    own = tmp_path / f"vmlinuz-{facts.release}"
    own.write_bytes(kernel.read_bytes())
    (tmp_path / f"config-{facts.release}").write_bytes((kernel.parent / "config").read_bytes())
    return own


def test_a_kernel_for_another_board_is_refused_and_boots_as_predicted(
    bootmatrix: Callable[..., Ended], tmp_path: Path
) -> None:
    kernel = _user_kernel(tmp_path)
    words = ("boot", "--target", "raspi3b", "--kernel", str(kernel), "--timeout", "8")
    refused = bootmatrix(*words)
    assert refused.status == 1, refused.stderr
    assert (refused.cell["verdict"], refused.cell["outcome"], refused.cell["attempts"]) == ("fail", None, [])
    assert refused.cell["cause"].startswith("preflight: CONFIG_SERIAL_8250_BCM2835AUX is not set: console=ttyS1")
    assert "--no-preflight" in refused.cell["cause"]
    (error,) = [found for found in refused.cell["preflight"] if found["level"] == "error"]
    booted = bootmatrix(*words, "--no-preflight")
    assert booted.status == 1
    assert len(booted.cell["attempts"]) == 1
    assert booted.cell["preflight"] == refused.cell["preflight"]
    assert booted.cell["outcome"] == "no-output" == error["predicts"]
