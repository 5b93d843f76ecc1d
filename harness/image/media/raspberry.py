"""What the firmware of a Raspberry Pi 3 or 4 (and Zero 2, 400, CM) finds in the first FAT of an SD card.

The board's firmware loads a device tree and U-Boot, and U-Boot loads the kernel by extlinux.conf: so the same card is
started by the board and, given U-Boot, by QEMU.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

from harness.errors import InputError
from harness.image.entries import Entry, Kind
from harness.image.media.fat import MIB
from harness.image.media.loaderfiles import loader_files
from harness.image.media.payload import Payload, copy_content
from harness.image.writing import Job, created
from harness.kernel.distro import distro_kernel
from harness.plan.catalog import Catalog
from harness.store import Store
from harness.words import Arch

_FIRMWARE = ("bootcode.bin", "fixup.dat", "fixup4.dat", "start.elf", "start4.elf")
_KERNEL_ROOM = 0x2700000 - 0x200000  # bytes; U-Boot's ramdisk_addr_r, and where it moves the kernel
_DOCUMENTS = "usr/share/doc/raspi-firmware"
_DTB = re.compile(r"(?:.*/)?(bcm27\d\d-rpi-[\w-]+|bcm2837-rpi-[\w-]+)\.dtb")
_BOARD = "raspi3b"  # a target whose kernel package has the device trees of all of them
# upstream_kernel: device trees have the names that they have in Linux, and not in Raspberry's own kernel.
_CONFIG = "arm_64bit=1\nenable_uart=1\nupstream_kernel=1\nkernel=u-boot.bin\n"


def card_files(made: Payload, job: Job, form: str) -> dict[str, Path]:
    """All files of the FAT: path inside -> file. Raises InputError for an architecture that no such board has."""
    if job.arch is not Arch.ARM64:
        raise InputError(f"{form} is not written for {job.arch}", hint="it is for arm64")
    _refuse_large(made.kernel)
    if not made.words.isprintable() or "${" in made.words:  # U-Boot puts its variables there
        raise InputError(
            "the kernel's command line has a control character or ${", hint="see kernel.cmdline in the YAML"
        )
    firmware = loader_files("raspi-firmware", job.arch.debian, "usr/lib/raspi-firmware")
    config, menu = made.folder / "config.txt", made.folder / "extlinux.conf"
    config.write_text(_CONFIG, encoding="ascii")
    menu.write_text(
        "default linux\ntimeout 1\nlabel linux\n  linux /kernel\n  initrd /initrd.img\n"
        f"  append {made.words}\n",
        encoding="utf-8",
    )  # fmt: skip
    found = {name: firmware / name for name in _FIRMWARE}
    found |= {"LICENCE.broadcom": loader_files("raspi-firmware", job.arch.debian, _DOCUMENTS) / "copyright"}
    found |= {"u-boot.bin": loader_files("u-boot-rpi", job.arch.debian, "usr/lib/u-boot/rpi_arm64") / "u-boot.bin"}
    found |= {"config.txt": config, "extlinux/extlinux.conf": menu}
    found |= {"kernel": made.kernel, "initrd.img": made.initrd}
    return found | _device_trees(job, made.folder / "dtbs")


def _refuse_large(kernel: Path) -> None:
    """U-Boot's places in memory are fixed: it moves the kernel to 2 MiB, and the initrd begins behind it.

    An arm64 kernel says what it takes with its tables and empty data (Documentation/arch/arm64/booting.rst).
    """
    with kernel.open("rb") as stream:
        head = stream.read(64)
    if head[56:60] != b"ARM\x64":
        raise InputError("the kernel is no arm64 Image", hint="take one that is not compressed")
    (size,) = struct.unpack_from("<Q", head, 16)
    if size > _KERNEL_ROOM:
        raise InputError(
            f"the kernel takes {size // MIB} MiB in memory, and U-Boot has {_KERNEL_ROOM // MIB} MiB for it",
            hint="take a smaller kernel, such as one matched for the board",
        )


def _device_trees(job: Job, folder: Path) -> dict[str, Path]:
    """Those that the image has, else those of Debian's kernel: what they describe is the board, and not the kernel."""
    folder.mkdir()
    found: dict[str, Path] = {}
    for entry in job.entries:
        if entry.kind is Kind.FILE and (match := _DTB.fullmatch(entry.path)):
            found.setdefault(f"{match[1]}.dtb", _copied(entry, folder / f"{match[1]}.dtb"))
    if not found:
        dtbs = distro_kernel(Catalog().target(_BOARD), Store()).dtbs
        found = {path.name: path for path in sorted(dtbs.rglob("*.dtb")) if _DTB.fullmatch(path.name)} if dtbs else {}
    return found


def _copied(entry: Entry, path: Path) -> Path:
    if not path.exists():
        with created(path) as out:
            copy_content(entry, out)
    return path
