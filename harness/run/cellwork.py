"""A cell of the matrix as work for the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.boot.ladder import Rung
from harness.doors.door import Entry, through
from harness.image.assemble import BootFiles, assemble
from harness.image.configdrive import config_drive
from harness.image.instance import Identity, identity_of
from harness.image.media.signing import signer_of
from harness.image.nocloud import nocloud_iso
from harness.image.scratch import write_scratch
from harness.image.sshkey import public_half, ssh_key
from harness.kernel.matched.source import DEFAULT_SOURCE
from harness.machine.board.binding import BoundBoard
from harness.machine.cloud.command import metadata_service
from harness.machine.qemu.argv import DiskFile, Media
from harness.machine.qemu.enrolment import enrolled
from harness.machine.qemu.files import copy_sparse
from harness.machine.qemu.firmware import Firmware, find_uefi
from harness.machine.qemu.packaged import uefi_of
from harness.plan.cells import Cell
from harness.plan.matrix import Retry
from harness.plan.target import Target
from harness.preflight.gather import gather
from harness.preflight.preflight import preflight
from harness.run.cellimage import Expected, cell_image
from harness.run.work import Prepared, Say
from harness.store import Store

# What `uname -m` says where it differs from our name of the architecture.
_UNAME = {"arm64": "aarch64", "armhf": "armv7l", "armel": "armv6l", "i386": "i686"}


class CellWork:
    """Boots one of our images on one target."""

    def __init__(
        self,
        cell: Cell,
        store: Store,
        *,
        kernel: Path | None = None,
        source: str | None = None,
        board: BoundBoard | None = None,
    ) -> None:
        """`kernel` is a file of the user's in the place of the cell's own; `board` the board it is to boot on.

        `source`: what matched kernels are built from in the place of the default.
        """
        target = board.narrowed(cell.target) if board else cell.target
        self._image = cell_image(cell.image_file or cell.image)
        self._cell = replace(cell, target=self._image.fitted(target))
        self._store = store
        self._kernel = kernel
        self._source = source or DEFAULT_SOURCE

    @property
    def id(self) -> str:
        """The cell's name."""
        return self._cell.id

    @property
    def target(self) -> Target:
        """The cell's target."""
        return self._cell.target

    @property
    def axes(self) -> tuple[str, str, str]:
        """Image, kernel and media."""
        return self._cell.image, self._cell.kernel, self._cell.media

    @property
    def retry(self) -> Retry:
        """The matrix's policy."""
        return self._cell.retry

    @property
    def deadline(self) -> float:
        """The target's."""
        return self._cell.target.boot.deadline

    def prepare(self, folder: Path, say: Say) -> Prepared:
        """Kernel, initrd and device tree from the store; the machine's own disks and firmware variables in `folder`."""
        cell, target = self._cell, self._cell.target
        kernel = self._kernel or cell.kernel
        image = cell.image_file or cell.image
        files = assemble(target, image, kernel, cell.media, self._store, say, source=self._source)
        who, key = identity_of(target.name), None
        if self._image.logs_in:
            key = ssh_key(self._store)
            who = replace(who, key=public_half(key).decode().strip())
        direct = Media(
            kernel=files.kernel.image,
            initrd=files.initrd,
            dtb=files.dtb,
            cmdline=files.cmdline,
            disks=tuple(self._disks(folder, who)),
            firmware=own_firmware(target, folder, self._store),
            metadata=metadata_service(target, who),
            forwards=tuple(dict.fromkeys(check.asks_port for check in self._image.checks if check.asks_port)),
        )
        expected = Expected(_running(target, files), _metadata_fields(target, who))
        opened = through(cell.media, Entry(target, direct, folder, self._store))

        def rungs(asks_machine: bool) -> Sequence[Rung]:
            return self._image.rungs(target, expected, asks_machine=asks_machine, door=opened.rungs)

        facts = gather(target, files.kernel, direct, self._store, needs=self._image.needs(target))
        return Prepared(
            opened.media,
            rungs,
            preamble=opened.preamble,
            release=files.kernel.release or None,
            system_map=files.kernel.system_map,
            artefacts=_artefacts(files),
            facts=facts,
            findings=preflight(facts),
            checks=tuple(check.knowing(expected.instance) for check in self._image.checks),
            key=key,
            farewell=self._image.farewell,
        )

    def _disks(self, folder: Path, who: Identity) -> list[DiskFile]:
        disks = []
        for index, disk in enumerate(self._cell.target.disks):
            path = folder / f"disk{index}.raw"
            match disk.content:
                case "scratch":
                    write_scratch(path, index, disk.size)
                case "nocloud":
                    key = who.key if self._image.logs_in else ""
                    copy_sparse(nocloud_iso(who.instance, who.hostname, self._store, key), path)
                case "config-drive":
                    copy_sparse(config_drive(who, self._store), path)
            disks.append(DiskFile(path))
        return disks


def _running(target: Target, files: BootFiles) -> dict[str, str]:
    """What the guest must say that it runs; a user's kernel file may not tell its release."""
    release = {"kernel": files.kernel.release} if files.kernel.release else {}
    return {**release, "arch": _UNAME.get(target.arch, target.arch.value)}


def _metadata_fields(target: Target, who: Identity) -> dict[str, str]:
    """What the guest's init must say of who it is; NoCloud's has no key."""
    keys = {} if target.metadata_source == "nocloud" else {"keys": who.keys_digest}
    return {"instance-id": who.instance, "hostname": who.hostname, **keys}


def own_firmware(target: Target, folder: Path, store: Store) -> Firmware | None:
    """UEFI code, and a fresh variable store in `folder`: a machine that has never been switched on before."""
    if target.machine.firmware != "uefi":
        return None
    if target.machine.secure_boot:
        found = find_uefi(target.arch, target.machine.type, secure=True)
        template = enrolled(found.variables, signer_of(store), store)
    else:
        found = uefi_of(target.arch, target.machine.type)
        template = found.variables
    variables = folder / "uefi-variables.fd"
    copy_sparse(template, variables)
    return replace(found, variables=variables)


def _artefacts(files: BootFiles) -> dict[str, str]:
    paths = {"kernel": files.kernel.image, "initrd": files.initrd, "dtb": files.dtb}
    return {
        **{name: str(path) for name, path in paths.items() if path},
        "origin": files.kernel.origin,
        "release": files.kernel.release,
        "cmdline": " ".join(files.cmdline),
    }
