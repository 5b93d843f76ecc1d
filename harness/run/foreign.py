"""Somebody else's image as work for the engine: a kernel (and initrd), an ISO, or a disk, on one of our targets."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.boot.ladder import Rung, foreign_ladder
from harness.errors import HostError, InputError
from harness.image.assemble import borrowed_dtb, cmdline_of
from harness.image.initrdcheck import check_initrd
from harness.image.instance import identity_of
from harness.kernel.artifact import KernelArtifact
from harness.kernel.tsc import host_tsc_khz
from harness.kernel.user import anything, configured, user_kernel
from harness.machine.cloud.command import metadata_service
from harness.machine.qemu.argv import DiskFile, Media
from harness.machine.qemu.enrolment import refuse_unverified
from harness.plan.matrix import Retry
from harness.plan.target import Target
from harness.preflight.facts import Facts
from harness.preflight.gather import USUAL_NEEDS, gather
from harness.preflight.preflight import preflight
from harness.run.cellwork import own_firmware
from harness.run.work import Prepared, Say
from harness.store import Store

_VHD_FOOTER = 512  # bytes
DISK_FORMATS = ("raw", "qcow2", "vpc", "vhdx", "vmdk")


@dataclass(frozen=True, slots=True)
class Foreign:
    """What somebody brings along: one of kernel, iso and disk, or a kernel and a disk; the others belong to a kernel.

    Without a `dtb`, a board gets the device tree of Debian's kernel for it.
    """

    kernel: Path | None = None
    initrd: Path | None = None
    dtb: Path | None = None
    iso: Path | None = None
    disk: Path | None = None
    append: str = ""
    ready: re.Pattern[str] | None = None
    timeout: float | None = None


class ForeignWork:
    """Boots it until it is ready; nothing is known of what is inside."""

    def __init__(self, target: Target, foreign: Foreign, store: Store, *, insists: bool = False) -> None:
        """Raises InputError at once for files that cannot be booted on this target, so that nothing is started.

        `insists`: a kernel or an initrd that is none is handed over all the same, to see what comes of it.
        """
        self._insists = insists
        self._complaints: dict[str, str] = {}
        self._target = target
        self._foreign = foreign
        self._store = store
        self._check()

    def _check(self) -> None:
        given = [name for name in ("kernel", "iso", "disk") if getattr(self._foreign, name)]
        if len(given) != 1 and given != ["kernel", "disk"]:
            raise InputError(
                f"{' and '.join(f'--{name}' for name in given) or 'nothing'} to boot",
                hint="give one of --kernel, --iso and --disk, or a kernel and the disk with its root file system",
            )
        of_kernel = (self._foreign.initrd, self._foreign.dtb, self._foreign.append)
        if any(of_kernel) and not self._foreign.kernel:
            raise InputError("--initrd, --dtb and --append go with --kernel", hint="an ISO or a disk brings its own")
        if self._foreign.kernel:
            refuse_unverified(self._target)
            self._kernel_in(self._foreign.kernel)
        if self._foreign.initrd and not self._insists:
            check_initrd(self._foreign.initrd)
        for path in (self._foreign.initrd, self._foreign.dtb, self._foreign.iso, self._foreign.disk):
            if path:
                _readable(path)

    def _kernel_in(self, path: Path) -> KernelArtifact:
        try:
            return user_kernel(path, self._target.arch)
        except InputError as problem:
            if not self._insists:
                raise
            self._complaints["kernel"] = problem.what
            return anything(path, self._target.arch)

    @property
    def id(self) -> str:
        """The target, and what is booted on it."""
        return f"{self._target.name}.{'.'.join(self.axes)}"

    @property
    def target(self) -> Target:
        """The target it is validated on."""
        return self._target

    @property
    def axes(self) -> tuple[str, str, str]:
        """Nothing of ours: the user's image, and the way it got in."""
        foreign = self._foreign
        return (
            "user",
            "user" if foreign.kernel else "none",
            "direct" if foreign.kernel else "iso" if foreign.iso else "disk",
        )

    @property
    def retry(self) -> Retry:
        """One attempt: whoever tries an image by hand wants to see what it does."""
        return Retry(errors=0, failures=0)

    @property
    def deadline(self) -> float:
        """The user's limit, else the target's."""
        return self._foreign.timeout or self._target.boot.deadline

    def prepare(self, folder: Path, say: Say) -> Prepared:
        """Nothing is built; a disk gets a copy-on-write overlay in `folder` and is never altered."""
        target, media = self._target, self._media(folder, say)

        def rungs(asks_machine: bool) -> Sequence[Rung]:
            del asks_machine
            return foreign_ladder(target, boots_kernel=media.kernel is not None, ready=self._foreign.ready)

        kernel = configured(self._kernel_in(media.kernel), self._store) if media.kernel else None
        facts = self._facts(kernel, media) if kernel else None
        return Prepared(
            media,
            rungs,
            ends_at_ready=True,
            system_map=kernel.system_map if kernel else None,
            artefacts={**self._artefacts(media), "origin": "the user's own"},
            facts=facts,
            findings=preflight(facts) if facts else (),
        )

    def _media(self, folder: Path, say: Say) -> Media:
        foreign, target = self._foreign, self._target
        dtb = foreign.dtb and foreign.dtb.resolve()
        if foreign.kernel and not dtb:
            dtb = borrowed_dtb(target, self._store, say)
        # The user's words come last: where the kernel takes the last one, theirs counts.
        cmdline = (*cmdline_of(target, host_tsc_khz()), *foreign.append.split())
        return Media(
            kernel=foreign.kernel and foreign.kernel.resolve(),
            initrd=foreign.initrd and foreign.initrd.resolve(),
            dtb=dtb,
            cmdline=cmdline if foreign.kernel else (),
            disks=(_overlay(foreign.disk.resolve(), folder),) if foreign.disk else (),
            iso=foreign.iso and foreign.iso.resolve(),
            firmware=own_firmware(target, folder, self._store),
            metadata=metadata_service(target, identity_of(target.name)),
        )

    def _artefacts(self, media: Media) -> dict[str, str]:
        files = {
            "kernel": media.kernel,
            "initrd": media.initrd,
            "dtb": media.dtb,
            "iso": media.iso,
            "disk": self._foreign.disk,
        }
        return {name: str(path) for name, path in files.items() if path}

    def _facts(self, kernel: KernelArtifact, media: Media) -> Facts:
        """Of a kernel that is handed over; what an ISO or a disk starts, only its boot can tell."""
        return gather(
            self._target, kernel, media, self._store, needs=USUAL_NEEDS, ours=False, complaints=self._complaints
        )


def _readable(path: Path) -> None:
    """Raises InputError unless it is a file with something in it that we may read."""
    try:
        if not path.is_file():
            raise InputError(f"{path} is not a file" if path.exists() else f"{path} does not exist")
        with path.open("rb") as file:
            if not file.read(1):
                raise InputError(f"{path} is empty", hint="see whether its download or build was cut short")
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror}") from None


def _overlay(disk: Path, folder: Path) -> DiskFile:
    fmt = disk_format(disk)
    overlay = folder / "overlay.qcow2"
    _qemu_img("create", "-q", "-f", "qcow2", "-F", fmt, "-b", f"file:{disk}", str(overlay))
    return DiskFile(overlay, "qcow2")


def disk_format(disk: Path) -> str:
    """The image's format by its contents. Raises InputError for one that no target can boot.

    A backing file named inside somebody's image could pull any file of the host into the guest, so it is refused.
    """
    found = json.loads(_qemu_img("info", "--output=json", f"file:{disk}"))
    fmt = str(found["format"])
    if fmt not in DISK_FORMATS:
        raise InputError(f"{disk} is a disk image of format {fmt}", hint=f"known are {', '.join(DISK_FORMATS)}")
    if found.get("backing-filename") or (found.get("format-specific") or {}).get("data", {}).get("data-file"):
        raise InputError(f"{disk} refers to another file", hint="flatten it with qemu-img convert")
    return "vpc" if fmt == "raw" and _is_fixed_vhd(disk) else fmt


def _is_fixed_vhd(disk: Path) -> bool:
    """A fixed VHD is a raw disk with a footer, which QEMU does not look for."""
    with disk.open("rb") as stream:
        stream.seek(-min(_VHD_FOOTER, disk.stat().st_size), os.SEEK_END)
        footer = stream.read(_VHD_FOOTER)
    if not footer.startswith(b"conectix"):
        return False
    # The one's complement of the sum of all bytes but its own ("Virtual Hard Disk Image Format Specification").
    told, summed = int.from_bytes(footer[64:68]), ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF
    if told != summed:
        raise InputError(
            f"{disk} is a VHD whose footer is damaged: its checksum is {told:#010x}, and of its bytes it would be"
            f" {summed:#010x}",
            hint="fetch or convert it again; Hyper-V and Azure refuse it too",
        )
    return True


def _qemu_img(*words: str) -> str:
    program = shutil.which("qemu-img")
    if program is None:
        raise HostError("qemu-img is not installed", hint="install qemu-utils, or run ./bootmatrix, which does")
    try:
        answer = subprocess.run(
            [program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
        )
    except subprocess.TimeoutExpired:
        raise HostError(f"qemu-img {words[0]} did not end within two minutes") from None
    if answer.returncode:
        raise InputError(" ".join(answer.stderr.split())[:500] or f"qemu-img {words[0]} failed")
    return answer.stdout
