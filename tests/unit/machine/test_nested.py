"""A machine inside another: the inner one has the line it would have under KVM, and nothing of the host's paths."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from harness.errors import HostError, InputError
from harness.machine.nested.argv import LOG, inside, outer_argv
from harness.machine.nested.host import NestedHost
from harness.machine.nested.machine import NestedMachine
from harness.machine.protocol import Sink
from harness.machine.qemu.argv import BY_HAND, DiskFile, Media, Netboot, Wiring, memory_mib, qemu_argv, socket_of
from harness.machine.qemu.firmware import Firmware
from harness.machine.qemu.machine import QemuMachine
from harness.machine.qemu.observe import observe_guest
from harness.machine.qemu.qmp import Monitor
from harness.plan.catalog import Catalog
from harness.plan.target import Nic, Target
from harness.words import Arch

CATALOG = Catalog()
GEN1, UEFI = CATALOG.target("x86_64-hyperv-gen1"), CATALOG.target("x86_64-hyperv-gen2")
WIRED = Wiring(console=socket_of(3), channel=socket_of(4), qmp=socket_of(5))
PAYLOAD = Path("/work/nested.cpio")


def host(folder: Path = Path("/store")) -> NestedHost:
    return NestedHost(
        CATALOG.host_of_nested(Arch.X86_64), folder / "kernel", folder / "initrd", ("console=ttyS0",), "Linux"
    )


def media_of(target: Target, folder: Path = Path("/media")) -> Media:
    return Media(
        kernel=folder / "kernel",
        initrd=folder / "initrd",
        cmdline=("console=ttyS0", "panic=0"),
        disks=tuple(DiskFile(folder / f"disk{index}.raw") for index in range(len(target.disks))),
        firmware=Firmware(folder / "code", folder / "variables") if target.machine.firmware == "uefi" else None,
    )


def values(argv: list[str] | tuple[str, ...], option: str) -> list[str]:
    return [value for name, value in pairwise(argv) if name == option]


@pytest.mark.parametrize("target", [GEN1, UEFI], ids=lambda target: str(target.name))
def test_the_inner_machine_is_the_one_of_a_host_with_kvm(target: Target) -> None:
    inner = inside(target, media_of(target))
    assert values(inner.argv, "-accel") == ["kvm"]
    (cpu,) = values(inner.argv, "-cpu")
    assert cpu == ",".join(("host", *target.machine.cpu_features))
    bare = qemu_argv(target, media_of(target), accelerator="kvm", wiring=WIRED, cpu="host")
    assert values(inner.argv, "-device") == values(bare, "-device")
    assert "-S" in inner.argv


@pytest.mark.parametrize("target", [GEN1, UEFI], ids=lambda target: str(target.name))
def test_no_path_of_the_host_is_inside(target: Target) -> None:
    media = media_of(target)
    inner = inside(target, media)
    assert not [word for word in inner.argv if "/media" in word]
    for name in inner.files:
        assert any(f"/{name}" in word for word in inner.argv), f"nobody reads {name}"
    given = {*chain.from_iterable(inner.files.values()), *(disk.path for disk in inner.disks.values())}
    assert given >= {media.kernel, media.initrd, media.disks[0].path}


def test_a_disk_keeps_its_format() -> None:
    media = replace(media_of(GEN1), kernel=None, initrd=None, disks=(DiskFile(Path("/media/gen1.vhd"), "vpc"),))
    (node,) = (json.loads(value) for value in values(inside(GEN1, media).argv, "-blockdev"))
    assert (node["driver"], node["file"]["driver"], node["file"]["filename"]) == (
        "vpc",
        "host_device",
        "/dev/nested/disk0",
    )


def test_an_overlay_is_read_outside_where_what_is_below_it_lies() -> None:
    inner = inside(GEN1, replace(media_of(GEN1), disks=(DiskFile(Path("/media/overlay.qcow2"), "qcow2"),)))
    (there,) = (json.loads(value) for value in values(inner.argv, "-blockdev"))
    assert (there["driver"], there["file"]["filename"]) == ("raw", "/dev/nested/disk0")
    argv = outer_argv(host(), inner, PAYLOAD, wiring=WIRED)
    nodes = {node["node-name"]: node for node in map(json.loads, values(argv, "-blockdev"))}
    assert nodes["disk0"]["driver"] == "qcow2"
    assert nodes["payload"]["driver"] == "raw"


def test_an_iso_comes_as_a_disk_that_nobody_writes_to() -> None:
    inner = inside(GEN1, replace(media_of(GEN1), iso=Path("/media/boot.iso")))
    argv = outer_argv(host(), inner, PAYLOAD, wiring=WIRED)
    nodes = {node["node-name"]: node["read-only"] for node in map(json.loads, values(argv, "-blockdev"))}
    assert nodes == {"disk0": False, "iso": True, "payload": True}


def test_uefi_keeps_its_variables_in_memory() -> None:
    inner = inside(UEFI, media_of(UEFI))
    (words,) = values(inner.argv, "-machine")
    assert "pflash" not in words
    assert values(inner.argv, "-bios") == ["/nested/bios"]
    assert inner.files["nested/bios"] == (Path("/media/variables"), Path("/media/code")), "as they lie in flash"


def test_variables_that_hold_keys_stay_in_flash() -> None:
    secured = UEFI.model_copy(update={"machine": UEFI.machine.model_copy(update={"secure_boot": True})})
    inner = inside(secured, media_of(secured))
    (words,) = values(inner.argv, "-machine")
    assert "pflash1=firmware-variables" in words
    assert inner.files["nested/variables.fd"] == (Path("/media/variables"),)


def test_the_internet_is_refused() -> None:
    online = GEN1.model_copy(update={"nics": (Nic(model="virtio-net-pci", internet=True),)})
    with pytest.raises(InputError, match="no way to the internet"):
        inside(online, media_of(online))


def test_a_tpm_is_refused() -> None:
    trusted = GEN1.model_copy(update={"machine": GEN1.machine.model_copy(update={"tpm": "tpm-crb"})})
    with pytest.raises(InputError, match="no TPM"):
        inside(trusted, media_of(trusted))


def test_each_line_has_its_port() -> None:
    argv = outer_argv(host(), inside(GEN1, media_of(GEN1)), PAYLOAD, wiring=WIRED)
    assert "-S" not in argv, "nobody would let the outer machine run"
    ports = {one["nr"]: one["chardev"] for one in map(json.loads, values(argv, "-device")) if "nr" in one}
    assert ports == {1: "inner-console", 2: "inner-channel", 3: "inner-monitor"}
    assert values(argv, "-chardev")[1:] == [
        "socket,id=inner-console,fd=3",
        "socket,id=inner-channel,fd=4",
        "socket,id=inner-monitor,fd=5",
    ]


def test_by_hand_the_console_is_the_terminal() -> None:
    argv = outer_argv(host(), inside(GEN1, media_of(GEN1)), PAYLOAD, wiring=BY_HAND)
    assert values(argv, "-chardev")[1:] == ["stdio,id=inner-console,signal=off"]
    assert [one["nr"] for one in map(json.loads, values(argv, "-device")) if "nr" in one] == [1]


def test_the_outer_machine_has_room_for_the_inner_one() -> None:
    outer = host().holding(GEN1)
    assert outer.machine.memory >= memory_mib(GEN1) + 256
    assert memory_mib(outer) > outer.machine.memory


def fake_qemu(tmp_path: Path, script: str) -> Path:
    path = tmp_path / "qemu"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def nested(tmp_path: Path, script: str) -> NestedMachine:
    for name in ("kernel", "initrd", "disk0.raw"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    binary = str(fake_qemu(tmp_path, script))
    return NestedMachine(GEN1, media_of(GEN1, tmp_path), host=host(), folder=tmp_path, binary=binary)


def test_what_the_inner_qemu_said_is_told_first(tmp_path: Path) -> None:
    log = "boot noise\\nnested: starting the machine\\nqemu: no such device\\n"
    machine = nested(tmp_path, f"printf '{log}' >{LOG}; echo outer words >&2; exit 3")
    with pytest.raises(HostError, match="qemu: no such device; outer words") as caught:
        asyncio.run(machine.power_on(Sink(lambda *_: None, lambda _: None)))
    assert "boot noise" not in str(caught.value)


def test_the_payload_has_the_line_and_the_files(tmp_path: Path) -> None:
    machine = nested(tmp_path, "exit 1")
    with pytest.raises(HostError):
        asyncio.run(machine.power_on(Sink(lambda *_: None, lambda _: None)))
    payload = (tmp_path / "nested.cpio").read_bytes()
    line = b"".join(word.encode() + b"\0" for word in inside(GEN1, media_of(GEN1, tmp_path)).argv)
    assert line in payload
    for name in (b"nested/argv\0", b"nested/kernel\0", b"nested/initrd\0"):
        assert name in payload


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"netboot": Netboot(Path("/served"))}, "a boot from the network"),
        ({"forwards": (22,)}, "a port that is forwarded"),
    ],
)
def test_what_only_the_host_could_serve_is_refused(given: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=f"cannot have {what}"):
        inside(GEN1, replace(media_of(GEN1), **given))


class Asked:
    """A monitor that notes what it is asked."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    async def execute(self, command: str, **arguments: object) -> Any:
        self.commands.append(command)
        return [{"cpu-index": 0}] if command == "query-cpus-fast" else f"RIP={len(self.commands):016x}"


def test_a_guest_inside_is_looked_at_by_its_registers_only(tmp_path: Path) -> None:
    """A file that the inner QEMU wrote would be one of the outer machine's."""
    assert QemuMachine.writes_here
    assert not NestedMachine.writes_here
    monitor = Asked()
    seen = asyncio.run(observe_guest(cast(Monitor, monitor), None))
    assert seen.registers == (("RIP=0000000000000002",), ("RIP=0000000000000003",))
    assert (seen.memory, seen.screen) == ((), None)
    assert set(monitor.commands) == {"query-cpus-fast", "human-monitor-command", "stop"}
