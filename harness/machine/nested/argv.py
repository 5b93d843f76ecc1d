"""The two command lines of a machine inside another, and what goes from the host into the outer one. Pure.

The inner QEMU is started with the very line it would have on a host with KVM, but for its paths. Its disks are disks of
the outer machine; all else it reads comes to it in an archive, the disk `payload`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from harness.errors import InputError
from harness.kernel.distro import target_file
from harness.machine.nested.host import NestedHost
from harness.machine.qemu.argv import DiskFile, Media, Wiring, block_node, chardev, device, qemu_argv
from harness.plan.target import Target

LOG = "nested.log"  # in the machine's folder: what the outer machine's console said
_FOLDER = PurePosixPath("nested")  # of the payload, in the outer machine's root
_DISKS = Path("/dev/nested")  # where the outer init links its disks by their serial numbers
_BINARY = "/usr/bin/qemu-system-x86_64"
_OVERLAY = "qcow2"
INNER = Wiring(
    console="pipe,path=/nested/console", channel="pipe,path=/nested/channel", qmp="pipe,path=/nested/monitor"
)


@dataclass(frozen=True, slots=True)
class Inside:
    """What the outer machine gets: the inner QEMU's `argv`, `files` by their path in the payload, `disks` by serial.

    A file is made of those on the host, one behind the other.
    """

    target: Target
    argv: tuple[str, ...]
    files: Mapping[str, tuple[Path, ...]]
    disks: Mapping[str, DiskFile]


def inside(target: Target, media: Media) -> Inside:
    """The inner machine as the outer one has it. Raises InputError for what only the host could give it."""
    _refuse(target, media)
    files: dict[str, tuple[Path, ...]] = {}

    def moved(name: str, *parts: Path) -> Path:
        files[str(_FOLDER / name)] = parts
        return Path("/", _FOLDER, name)

    def kept(name: str, path: Path | None) -> Path | None:
        return path and moved(name, path)

    firmware, bios = media.firmware, kept("bios", media.bios)
    if firmware and target.machine.secure_boot:  # it verifies by keys among its variables, and there they stay
        code, variables = moved("code.fd", firmware.code), moved("variables.fd", firmware.variables)
        firmware = replace(firmware, code=code, variables=variables)
    elif firmware:
        # Each byte that is written to flash is several exits: fresh variables take EDK II more time there than all
        # else. In a ROM it sees none, and keeps them in memory. They lie there below the code, as in flash: where
        # nothing is, it looks for flash at 4096 addresses, each an exit.
        bios = moved("bios", firmware.variables, firmware.code)
        firmware = None
    disks = {f"disk{number}": _outside(disk) for number, disk in enumerate(media.disks)}
    if media.iso:
        disks["iso"] = DiskFile(media.iso)
    there = replace(
        media,
        kernel=kept("kernel", media.kernel),
        initrd=kept("initrd", media.initrd),
        dtb=kept("dtb", media.dtb),
        bios=bios,
        disks=tuple(_within(disk, number) for number, disk in enumerate(media.disks)),
        iso=media.iso and _DISKS / "iso",
        firmware=firmware,
    )
    wiring = INNER if target.console.channel else replace(INNER, channel=None)
    argv = qemu_argv(target, there, accelerator="kvm", wiring=wiring, binary=_BINARY, cpu="host")
    return Inside(target, tuple(argv), files, disks)


def _refuse(target: Target, media: Media) -> None:
    """What only the host could give."""
    if any(nic.internet for nic in target.nics):
        raise InputError(
            "a machine inside another has no way to the internet",
            where=target_file(target, "nics"),
            hint="take `internet` from it, or use a host with KVM",
        )
    if target.machine.tpm:
        raise InputError(
            "a machine inside another has no TPM",
            where=target_file(target, "machine.tpm"),
            hint="take `tpm` from it, or use a host with KVM",
        )
    for what, given in {"a boot from the network": media.netboot, "a port that is forwarded": media.forwards}.items():
        if given:
            raise InputError(
                f"a machine inside another cannot have {what}",
                where=target_file(target, "machine.accelerator"),
                hint="choose another medium or image for it, or use a host with KVM",
            )


def _outside(disk: DiskFile) -> DiskFile:
    """An overlay is the outer QEMU's to read: what lies below it is on the host. Other formats are the inner one's."""
    return disk if disk.format == _OVERLAY else replace(disk, format="raw")


def _within(disk: DiskFile, number: int) -> DiskFile:
    inner = "raw" if disk.format == _OVERLAY else disk.format
    return replace(disk, path=_DISKS / f"disk{number}", format=inner)


def outer_argv(
    host: NestedHost, inner: Inside, payload: Path, *, wiring: Wiring, binary: str | None = None
) -> list[str]:
    """The outer QEMU's command line. `wiring` is that of the inner machine's lines, `payload` its archive."""
    by_hand = wiring.console is None
    argv = qemu_argv(
        host.holding(inner.target),
        Media(kernel=host.kernel, initrd=host.initrd, cmdline=host.cmdline),
        accelerator="tcg",
        wiring=Wiring(console="file,path=/dev/stderr" if by_hand else f"file,path={LOG}"),
        binary=binary,
    )
    argv += device("virtio-serial-device")
    lines = {"console": wiring.console or "stdio,signal=off", "channel": wiring.channel, "monitor": wiring.qmp}
    for number, (name, backend) in enumerate(lines.items(), 1):
        if backend is not None:
            argv += chardev(backend, f"inner-{name}")
            argv += device("virtserialport", nr=number, chardev=f"inner-{name}")
    for serial, disk in {**inner.disks, "payload": DiskFile(payload)}.items():
        argv += block_node(serial, disk.path, fmt=disk.format, read_only=serial in ("iso", "payload"))
        argv += device("virtio-blk-device", drive=serial, serial=serial)
    return argv
