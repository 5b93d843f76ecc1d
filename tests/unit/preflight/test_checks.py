"""Each check on facts made by hand: what it names, how sure it is, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.image.contents import Contents, Program
from harness.kernel.devicetree import DeviceNode, DeviceTree
from harness.plan.target import Target
from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level, errors
from harness.preflight.preflight import preflight
from harness.words import Outcome

Make = Callable[..., Facts]


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str | None]]:
    return [(found.level.value, found.symbol or found.what) for found in findings]


def test_a_fitting_kernel_is_not_complained_of(facts: Make) -> None:
    assert preflight(facts()) == ()


def test_an_unknown_console_is_a_warning(facts: Make, target: Callable[..., Target]) -> None:
    odd = facts(target=target(console={"device": "ttyXYZ0"}), cmdline=("console=ttyXYZ0",))
    assert told(preflight(odd)) == [("warning", "nothing is known of console=ttyXYZ0")]


def test_a_console_that_the_user_puts_elsewhere_is_the_users_affair(facts: Make) -> None:
    assert preflight(facts(drop="SERIAL_AMBA_PL011_CONSOLE", cmdline=("console=tty1",))) == ()


def test_a_kernel_that_takes_no_command_line(facts: Make) -> None:
    deaf = facts(add={"CMDLINE_FORCE": "y", "CMDLINE": '"quiet"'})
    assert told(preflight(deaf)) == [("error", "CONFIG_CMDLINE_FORCE")]
    assert preflight(facts(add={"CMDLINE_FORCE": "y", "CMDLINE": '"console=ttyAMA0"'})) == ()
    assert preflight(facts(add={"CMDLINE_FORCE": "y", "CMDLINE": '""'})) == ()


def test_the_port_behind_an_alias_of_the_tree(facts: Make, target: Callable[..., Target]) -> None:
    board = target(machine={"type": "some-board"}, console={"device": "ttyS1"})
    tree = DeviceTree((DeviceNode("/soc/serial@1", ("brcm,bcm2835-aux-uart",), True),), {"serial1": "/soc/serial@1"})
    config = {"SERIAL_8250": "y", "SERIAL_8250_CONSOLE": "y"}
    made = {"target": board, "tree": tree, "cmdline": ("console=ttyS1",)}
    assert told(preflight(facts(add=config, **made))) == [("error", "CONFIG_SERIAL_8250_BCM2835AUX")]
    assert preflight(facts(add=config | {"SERIAL_8250_BCM2835AUX": "y"}, **made)) == ()


def test_too_few_serial_ports(facts: Make, target: Callable[..., Target]) -> None:
    pc = target(machine={"type": "some-board"}, console={"device": "ttyS0", "channel": "ttyS1"})
    config = {"SERIAL_8250": "y", "SERIAL_8250_CONSOLE": "y", "SERIAL_8250_RUNTIME_UARTS": "1"}
    few = facts(target=pc, cmdline=("console=ttyS0",), add=config)
    assert told(preflight(few)) == [("warning", "CONFIG_SERIAL_8250_RUNTIME_UARTS")]
    assert preflight(replace(few, cmdline=("console=ttyS0", "8250.nr_uarts=2"))) == ()


@pytest.mark.parametrize(
    ("machine", "acpi", "symbol"), [({}, "ACPI", "ACPI"), ({"acpi": False}, "", "VIRTIO_MMIO_CMDLINE_DEVICES")]
)
def test_how_a_microvm_tells_of_its_devices(
    facts: Make, target: Callable[..., Target], machine: dict[str, Any], acpi: str, symbol: str
) -> None:
    del acpi
    micro = target(arch="x86_64", machine={"type": "microvm", "properties": machine}, console={"device": "ttyS0"})
    add = {"SERIAL_8250": "y", "SERIAL_8250_CONSOLE": "y", "VIRTIO_MMIO": "y"}
    programs = {"init": Program("elf", "x86_64")}
    made = facts(target=micro, add=add, cmdline=("console=ttyS0",), devices=("virtio-blk-device",), initrd=None)
    made = replace(made, initrd=Contents(("zstd",), 1, 1, True, programs))
    assert told(preflight(made)) == [("error", f"CONFIG_{symbol}")]
    assert preflight(replace(made, config={**made.symbols, symbol: "y"})) == ()


def test_uefi_wants_acpi_on_arm64(facts: Make, target: Callable[..., Target]) -> None:
    server = target(machine={"type": "virt", "firmware": "uefi"})
    assert told(preflight(facts(target=server, add={"EFI": "y", "EFI_STUB": "y"}))) == [("warning", "CONFIG_ACPI")]
    assert told(preflight(facts(target=server, add={"EFI": "y", "ACPI": "y"}))) == [("error", "CONFIG_EFI_STUB")]


def test_a_built_in_initramfs_may_start_without_the_initrd(facts: Make) -> None:
    assert errors(preflight(facts(drop="RD_ZSTD", add={"INITRAMFS_SOURCE": '"/root.cpio"'}))) == ()


@pytest.mark.parametrize("form", ["gzip", "zstd", "xz", "bzip2", "lzma", "lz4", "lzo"])
def test_every_form_of_an_initrd_is_known(facts: Make, initrd: Contents, form: str) -> None:
    (found,) = preflight(facts(drop="RD_ZSTD", initrd=initrd._replace(forms=("none", form))))
    assert (found.level, found.symbol, found.predicts) == (Level.ERROR, f"CONFIG_RD_{form.upper()}", Outcome.NO_ROOTFS)


def test_a_program_of_another_architecture(facts: Make, initrd: Contents) -> None:
    wrong = initrd._replace(programs={"init": Program("elf", "x86_64")}, links={})
    for made in (facts(initrd=wrong), facts(initrd=wrong, config=None)):
        (found,) = errors(preflight(made))
        assert found.what == "/init is a program for x86_64"
        assert found.predicts is Outcome.INIT_DIED


def test_a_32_bit_program_on_a_64_bit_kernel(facts: Make, initrd: Contents) -> None:
    small = initrd._replace(programs={"init": Program("elf", "armhf")}, links={})
    assert told(preflight(facts(initrd=small))) == [("error", "CONFIG_COMPAT")]
    assert preflight(facts(initrd=small, add={"COMPAT": "y"})) == ()


def test_an_interpreter_that_is_not_there(facts: Make, initrd: Contents) -> None:
    assert told(preflight(facts(initrd=initrd._replace(links={})))) == [("warning", "the initrd has no /bin/sh")]


def test_interpreters_that_run_each_other_end(facts: Make, initrd: Contents) -> None:
    programs = {"init": Program("script", interpreter="/a"), "a": Program("script", interpreter="/init")}
    assert preflight(facts(initrd=initrd._replace(programs=programs))) == ()
    links = {"bin/sh": "../bin/sh"}
    assert told(preflight(facts(initrd=initrd._replace(links=links)))) == [("warning", "the initrd has no /bin/sh")]


def test_rdinit_names_the_first_program(facts: Make) -> None:
    (found,) = preflight(facts(cmdline=("console=ttyAMA0", "rdinit=/bin/other")))
    assert found.what == "the initrd has no program /bin/other"
    assert preflight(facts(cmdline=("console=ttyAMA0", "rdinit=/bin/sh"))) == ()


def test_an_archive_that_could_not_be_read_is_not_judged(facts: Make, initrd: Contents) -> None:
    hidden = Contents(("lz4",), packed=1, unpacked=0, complete=False)
    assert preflight(facts(initrd=hidden, add={"RD_LZ4": "y", "VIRTIO_BLK": "m"})) == ()
    assert told(preflight(facts(add={"VIRTIO_BLK": "m"}))) == [("error", "CONFIG_VIRTIO_BLK")]


def test_a_host_bridge_without_its_driver(facts: Make) -> None:
    """Nobody finds what is behind it; a device that is not behind it needs none, and ACPI tells of it, too."""
    (found,) = preflight(facts(drop="PCI_HOST_GENERIC"))
    assert (found.level, found.symbol, found.predicts) == ("error", "CONFIG_PCI_HOST_GENERIC", "service-failed")
    assert preflight(facts(drop="PCI_HOST_GENERIC", add={"ACPI": "y"})) == ()
    plain = ("virtio-blk-device", "virtio-net-device")
    assert preflight(facts(drop="PCI_HOST_GENERIC", add={"VIRTIO_MMIO": "y"}, devices=plain)) == ()


def test_somebody_elses_image_may_do_without(facts: Make) -> None:
    found = preflight(facts(drop="VIRTIO_BLK DEVTMPFS BINFMT_SCRIPT PRINTK", ours=False))
    assert {level for level, _ in told(found)} == {"warning"}
    assert len(found) == 4


def test_modules_for_another_kernel(facts: Make, initrd: Contents) -> None:
    made = facts(initrd=initrd._replace(modules=("lib/modules/5.10/kernel/a.ko",)))
    assert told(preflight(made)) == [("warning", "the initrd has modules for 5.10")]
    assert preflight(replace(made, release="5.10")) == ()
    assert told(
        preflight(replace(made, release="5.10", config=dict.fromkeys(set(made.symbols) - {"MODULES"}, "y")))
    ) == [("error", "CONFIG_MODULES")]


def test_an_initrd_larger_than_the_memory(facts: Make, initrd: Contents) -> None:
    (found,) = preflight(facts(initrd=initrd._replace(unpacked=300 << 20)))
    assert found.level is Level.ERROR
    assert "unpacked 300 MiB" in found.what
    (found,) = preflight(facts(initrd=initrd._replace(packed=100 << 20, unpacked=150 << 20)))
    assert found.level is Level.WARNING


def test_root_without_an_initrd(facts: Make) -> None:
    (found,) = preflight(facts(initrd=None, needs=(), devices=()))
    assert (found.level, found.predicts) == (Level.WARNING, Outcome.NO_ROOTFS)
    words = ("console=ttyAMA0", "root=/dev/vda1", "rootfstype=ext4")
    made = facts(initrd=None, cmdline=words, add={"VIRTIO_BLK": "m", "EXT4_FS": "m"}, devices=())
    assert told(preflight(made)) == [("error", "CONFIG_VIRTIO_BLK"), ("error", "CONFIG_EXT4_FS")]
    assert preflight(replace(made, config={**made.symbols, "VIRTIO_BLK": "y", "EXT4_FS": "y"})) == ()


@pytest.mark.parametrize(("word", "count"), [("quiet", 1), ("loglevel=3", 1), ("loglevel=5", 1), ("loglevel=7", 0)])
def test_words_that_silence_the_kernel(facts: Make, word: str, count: int) -> None:
    assert len(preflight(facts(cmdline=("console=ttyAMA0", word)))) == count


def test_words_behind_two_dashes_are_inits(facts: Make) -> None:
    assert preflight(facts(cmdline=("console=ttyAMA0", "--", "quiet"))) == ()


def test_what_a_container_image_asks_for(facts: Make) -> None:
    found = errors(preflight(facts(needs=("overlayfs", "cgroups", "namespaces", "squashfs"))))
    symbols = [one.symbol for one in found]
    assert symbols == ["CONFIG_OVERLAY_FS", "CONFIG_CGROUPS", "CONFIG_NAMESPACES", "CONFIG_SQUASHFS"]
    words = ("console=ttyAMA0", "cgroup_disable=memory")
    names = ("CGROUPS", "MEMCG", "CGROUP_PIDS", "CPUSETS", "CGROUP_SCHED")
    made = facts(needs=("cgroups",), cmdline=words, add=dict.fromkeys(names, "y"))
    assert ("warning", "the command line has cgroup_disable=memory") in told(preflight(made))


def test_a_feature_that_nobody_knows_of(facts: Make) -> None:
    assert told(preflight(facts(needs=("antigravity",)))) == [
        ("warning", "nothing is known of the feature antigravity")
    ]


def test_a_device_that_nobody_knows_of_is_left_alone(facts: Make) -> None:
    assert preflight(facts(devices=("some-new-device",))) == ()


def test_a_tree_is_only_warned_of(facts: Make) -> None:
    nodes = tuple(
        DeviceNode(f"/{number}", ("brcm,bcm2835-gpio",), enabled) for number, enabled in enumerate((False, True))
    )
    assert told(preflight(facts(tree=DeviceTree(nodes)))) == [("warning", "CONFIG_PINCTRL_BCM2835")]
    assert preflight(facts(tree=DeviceTree(nodes[:1]))) == ()


def test_how_a_finding_reads(facts: Make) -> None:
    (found,) = preflight(facts(drop="SERIAL_AMBA_PL011_CONSOLE"))
    assert str(found) == "CONFIG_SERIAL_AMBA_PL011_CONSOLE is not set: console=ttyAMA0 would show nothing (no-output)"
