"""The QEMU command line, as a pure function of the target and of what was built for it.

Values that come from a target go through JSON (`-device '{...}'`, `-blockdev '{...}'`) or through `QemuWord`, which
cannot hold a comma; the rest of the line is ours. Paths only ever stand alone in an argument or inside JSON.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.machine.qemu.firmware import Firmware
from harness.plan.target import Nic, Target

# A disk on a bus: QEMU's device, and where the bus puts the disk of a number.
_DISKS: Mapping[str, tuple[str, Callable[[int], Mapping[str, object]]]] = {
    "virtio": ("virtio-blk-pci", lambda _: {}),
    "virtio-mmio": ("virtio-blk-device", lambda _: {}),
    "virtio-ccw": ("virtio-blk-ccw", lambda _: {}),
    "scsi": ("scsi-hd", lambda _: {"bus": "scsi.0"}),
    "vscsi": ("scsi-hd", lambda _: {"bus": "scsi.0"}),
    "nvme": ("nvme", lambda index: {"serial": f"bootmatrix{index}"}),
    "ahci": ("ide-hd", lambda index: {"bus": f"ide.{index}"}),
    "ide": ("ide-hd", lambda index: {"bus": f"ide.{index // 2}", "unit": index % 2}),
    # Into the board's slot; `-drive if=sd` would do for some boards only.
    "sd": ("sd-card", lambda _: {}),
}
# Buses that the machine does not have by itself: the device that brings them.
_CONTROLLERS = {"scsi": "virtio-scsi-pci", "vscsi": "spapr-vscsi"}
# Where a guest finds the HTTP server, and the metadata of a cloud, on QEMU's user network.
WEB, METADATA_ADDRESS = "10.0.2.100", "169.254.169.254"
# The user network forwards addresses of its own only, so a guest of a cloud has one beside that of the service.
_LINK_LOCAL = {"net": "169.254.169.0/24", "dhcpstart": "169.254.169.15"}
_WEB_OF_CLOUD = "169.254.169.100"
TPM_SOCKET = "tpm.sock"  # of a command that a person types, in its folder
CD_CONTROLLER, RANDOMNESS = "cdrom", "randomness"
# Brought for a medium alone: no devices of the target, whose guest need not have drivers for them.
BROUGHT = frozenset({CD_CONTROLLER, RANDOMNESS})


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A disk image that the machine may write to (the caller made a copy or an overlay where that matters)."""

    path: Path
    format: str = "raw"
    boots: bool = False  # firmware starts from it, wherever it stands


@dataclass(frozen=True, slots=True)
class Netboot:
    """What the machine's first network card finds on its own network, which leads nowhere else.

    `folder` is served by TFTP; where `web` is set, also by HTTP at WEB. `file` is the name that DHCP gives to firmware;
    empty: none, for machines that are told otherwise. `boots`: firmware starts from it.
    """

    folder: Path
    file: str = ""
    web: bool = False
    boots: bool = True


@dataclass(frozen=True, slots=True)
class Media:
    """What is put into the machine: files by absolute path.

    `disks` stand in the order of the target's disks; one more than the target has goes to the bus of its first.
    `forwards`: TCP ports of the guest that can be reached from this host.
    """

    kernel: Path | None = None
    initrd: Path | None = None
    dtb: Path | None = None
    cmdline: tuple[str, ...] = ()
    disks: tuple[DiskFile, ...] = ()
    iso: Path | None = None
    firmware: Firmware | None = None
    bios: Path | None = None  # a firmware that is one file, in the place of the machine's own
    netboot: Netboot | None = None
    metadata: tuple[str, ...] = ()  # the program that answers one request to the metadata service
    forwards: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Wiring:
    """What carries the lines and QMP: QEMU's chardevs less their ids. `None` for all is the command a person types."""

    console: str | None = None
    channel: str | None = None
    qmp: str | None = None
    tpm: str | None = None
    web: str | None = None  # a server's, for HTTP


def socket_of(descriptor: int) -> str:
    """The chardev of a socket that QEMU inherits."""
    return f"socket,fd={descriptor}"


def chardev(backend: str, name: str) -> tuple[str, str]:
    """A chardev of that id."""
    kind, _, rest = backend.partition(",")
    return ("-chardev", ",".join((kind, f"id={name}", *([rest] if rest else []))))


BY_HAND = Wiring()


def qemu_argv(
    target: Target,
    media: Media,
    *,
    accelerator: str,
    wiring: Wiring = BY_HAND,
    binary: str | None = None,
    cpu: str | None = None,
) -> list[str]:
    """The whole command line; `cpu` takes the place of the target's model (under KVM, the one that was proven)."""
    argv = [binary or f"qemu-system-{target.arch.qemu}"]
    # Boards with a sound chip do not start unless told where its sound goes.
    argv += ["-nodefaults", "-no-user-config", "-display", "none", "-audio", "none"]
    argv += _board(target, accelerator, media, cpu)
    argv += _behaviour(target, media, stopped=wiring.qmp is not None)
    argv += _lines(target, wiring)
    argv += _direct(media)
    for device in target.devices:  # before the disks, which may sit on a bus that one of these brings
        argv += _json("-device", device)
    for piece in _disks(target, media):
        argv += piece
    argv += _tpm(target, wiring)
    if media.netboot and media.firmware:
        # Without randomness EDK II has no network; and it must be there before the card is.
        argv += _json("-device", {"driver": "virtio-rng-pci", "id": RANDOMNESS})
    for index, nic in enumerate(target.nics):
        argv += _nic(index, nic, wiring, media)
    return argv


def _board(target: Target, accelerator: str, media: Media, cpu: str | None) -> Iterator[str]:
    machine = target.machine
    words = [machine.type, *(f"{key}={_switch(value)}" for key, value in machine.properties.items())]
    if media.firmware:
        words += ["pflash0=firmware-code", "pflash1=firmware-variables"]
        words += ["smm=on"] if media.firmware.smm else []
    yield from ("-machine", ",".join(words))
    in_turn = accelerator == "tcg" and machine.threads == "single"
    yield from ("-accel", f"{accelerator},thread=single" if in_turn else accelerator)
    if machine.cpu:  # a board brings its own, which is not ours to choose
        yield from ("-cpu", ",".join((cpu or machine.cpu, *machine.cpu_features)))
    if machine.cpus > 1:
        yield from ("-smp", str(machine.cpus))
    if not machine.fixed_memory:
        yield from ("-m", f"{machine.memory}M")
    if media.firmware:
        # Nobody presses a key: arm64's and riscv64's would wait five seconds for one.
        yield from ("-boot", "menu=on,splash-time=0")
        yield from _json("-blockdev", _file_node("firmware-code", media.firmware.code, read_only=True))
        yield from _json("-blockdev", _file_node("firmware-variables", media.firmware.variables))
        if media.firmware.smm:  # or the guest could write to the variables, and enrol a key of its own
            yield from ("-global", "driver=cfi.pflash01,property=secure,value=on")


def _behaviour(target: Target, media: Media, *, stopped: bool) -> Iterator[str]:
    # A panic is reported, not acted upon: the trace behind it is evidence. A reset where none is due ends the machine
    # (SHUTDOWN with reason guest-reset), so that a reset loop is one event and not a log full of boots.
    reboot = "reset" if target.boot.resets else "shutdown"
    yield from ("-action", f"panic=none,reboot={reboot},watchdog=none")
    # That program is started for each request, in a session of its own: setsid(2), by which one is made, counts as an
    # elevation of privileges (also with `children`).
    more = "allow" if media.metadata else "deny"
    yield from ("-sandbox", f"on,obsolete=deny,elevateprivileges={more},spawn={more},resourcecontrol=deny")
    if stopped:
        yield "-S"  # QMP is listening before the first instruction runs, so that no event is missed


def _lines(target: Target, wiring: Wiring) -> Iterator[str]:
    console = target.console
    ports: dict[int, str] = {}
    if wiring == BY_HAND:
        yield from ("-chardev", "stdio,id=console,mux=on,signal=off", "-mon", "console")
        ports[console.port] = "chardev:console"
    else:
        yield from chardev(wiring.console or "null", "console")
        ports[console.port] = "chardev:console"
        if wiring.channel is not None:
            yield from chardev(wiring.channel, "channel")
            ports[console.channel_port] = "chardev:channel"
        if wiring.qmp is not None:
            yield from (*chardev(wiring.qmp, "qmp"), "-mon", "chardev=qmp,mode=control")
    if console.channel:
        ports.setdefault(console.channel_port, "null")
    for port in range(max(ports) + 1):
        yield from ("-serial", ports.get(port, "null"))


def _direct(media: Media) -> Iterator[str]:
    for option, path in (
        ("-bios", media.bios),
        ("-kernel", media.kernel),
        ("-initrd", media.initrd),
        ("-dtb", media.dtb),
    ):
        if path:
            yield from (option, str(path))
    if media.kernel and media.cmdline:
        yield from ("-append", " ".join(media.cmdline))


def _disks(target: Target, media: Media) -> Iterator[list[str]]:
    first = target.disks[0].bus if target.disks else "virtio"
    buses = [target.disks[index].bus if index < len(target.disks) else first for index in range(len(media.disks))]
    cd_bus = first if first in {"ide", "ahci"} else "scsi" if "scsi" in buses else CD_CONTROLLER
    if media.iso and cd_bus == CD_CONTROLLER:
        yield _json("-device", {"driver": _CONTROLLERS["scsi"], "id": CD_CONTROLLER})
    for bus in dict.fromkeys(buses):
        if bus in _CONTROLLERS:
            yield _json("-device", {"driver": _CONTROLLERS[bus], "id": "scsi"})
    for index, (bus, disk) in enumerate(zip(buses, media.disks, strict=True)):
        yield _disk(index, bus, disk)
    if media.iso:
        yield _cdrom(cd_bus, media.iso, len(media.disks))


def _disk(index: int, bus: str, disk: DiskFile) -> list[str]:
    node = f"disk{index}"
    blockdev = _json("-blockdev", _file_node(node, disk.path, fmt=disk.format))
    if bus not in _DISKS:
        raise InputError(f"no QEMU device is known for a disk on bus {bus!r}")
    driver, place = _DISKS[bus]
    device: dict[str, object] = {"drive": node, "id": f"dev-{node}", "driver": driver, **place(index)}
    if disk.boots:
        device["bootindex"] = 0
    return [*blockdev, *_json("-device", device)]


def _cdrom(bus: str, path: Path, index: int) -> list[str]:
    device: dict[str, object] = {"driver": "scsi-cd", "drive": "iso", "bus": f"{bus}.0"}
    if bus == "ide":
        device = {"driver": "ide-cd", "drive": "iso", "bus": "ide.1", "unit": 0}
    elif bus == "ahci":
        device = {"driver": "ide-cd", "drive": "iso", "bus": f"ide.{index}"}
    device["bootindex"] = 0  # before the network, which firmware tries for a minute
    return [*_json("-blockdev", _file_node("iso", path, read_only=True)), *_json("-device", device)]


def _tpm(target: Target, wiring: Wiring) -> Iterator[str]:
    if target.machine.tpm is None:
        return
    yield from chardev(wiring.tpm or f"socket,path={TPM_SOCKET}", "tpm")
    yield from ("-tpmdev", "emulator,id=tpm0,chardev=tpm")
    yield from _json("-device", {"driver": target.machine.tpm, "tpmdev": "tpm0"})


def _nic(index: int, nic: Nic, wiring: Wiring, media: Media) -> Iterator[str]:
    netdev, netboot = f"net{index}", media.netboot if index == 0 else None
    # Port 0: QEMU takes a free one and tells which, so that two machines never want the same.
    rules = [f"tcp:127.0.0.1:0-:{port}" for port in media.forwards] if index == 0 else []
    if nic.model == "onboard":
        if netboot:
            raise InputError("a board's own network card cannot boot from the network here")
        words = [f"user,id={netdev},restrict={_switch(not nic.internet)}", *(f"hostfwd={rule}" for rule in rules)]
        yield from ("-nic", ",".join(words))
        return
    backend: dict[str, Any] = {"type": "user", "id": netdev, "restrict": not nic.internet}
    if rules:
        backend["hostfwd"] = [{"str": rule} for rule in rules]
    if nic.metadata and media.metadata:
        service = f"tcp:{METADATA_ADDRESS}:80-cmd:{shlex.join(media.metadata)}"
        backend |= {**_LINK_LOCAL, "guestfwd": [{"str": service}]}
    device: dict[str, object] = {"driver": nic.model, "netdev": netdev, "id": f"dev-{netdev}"}
    # Without the card's boot ROM, where nothing boots from the network: firmware takes seconds to start it.
    has_rom = False
    if netboot:
        yield from _served(backend, netboot, wiring, web_address(nic))
        has_rom = netboot.boots and media.firmware is None  # UEFI has drivers of its own
        # Of what is told to start by name EDK II connects no more than that; here it has to find the randomness, too.
        if netboot.boots and media.firmware is None:
            device["bootindex"] = 0
    if _is_pci(nic.model) and not has_rom:
        device["rombar"] = 0
    yield from _json("-netdev", backend)
    yield from _json("-device", device)


def web_address(nic: Nic) -> str:
    """Where the HTTP server is on the network of this card."""
    return _WEB_OF_CLOUD if nic.metadata else WEB


def _served(backend: dict[str, Any], netboot: Netboot, wiring: Wiring, web: str) -> Iterator[str]:
    backend["tftp"] = str(netboot.folder)
    if netboot.file:
        backend["bootfile"] = netboot.file
    if netboot.web and wiring.web is not None:
        yield from chardev(wiring.web, "web")
        backend["guestfwd"] = [*backend.get("guestfwd", ()), {"str": f"tcp:{web}:80-chardev:web"}]
        if netboot.file:
            backend["bootfile"] = f"http://{web}/{netboot.file}"


def _is_pci(model: str) -> bool:
    """QEMU names devices of other buses so: virtio-net-device (virtio-mmio), virtio-net-ccw, usb-net."""
    return not (model.endswith(("-device", "-ccw")) or model.startswith(("usb-", "spapr-")))


def _file_node(name: str, path: Path, *, fmt: str = "raw", read_only: bool = False) -> dict[str, object]:
    protocol = "host_device" if path.is_relative_to("/dev") else "file"  # `file` refuses a block device
    return {
        "driver": fmt,
        "node-name": name,
        "read-only": read_only,
        "file": {"driver": protocol, "filename": str(path), "read-only": read_only},
    }


def block_node(name: str, path: Path, *, fmt: str = "raw", read_only: bool = False) -> list[str]:
    """An image file, for a device that names the node as its `drive`."""
    return _json("-blockdev", _file_node(name, path, fmt=fmt, read_only=read_only))


def device(driver: str, **properties: object) -> list[str]:
    """A device by its driver."""
    return _json("-device", {"driver": driver, **properties})


def _json(option: str, value: Mapping[str, object]) -> list[str]:
    return [option, json.dumps(value, separators=(",", ":"))]


def _switch(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def memory_mib(target: Target) -> int:
    """What the machine may take of the host's memory: the guest's, and QEMU's own (code, TCG's translations)."""
    return target.machine.memory + 160
