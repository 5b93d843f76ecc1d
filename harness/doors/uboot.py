"""What all doors share by which U-Boot starts the kernel: where it is, and what it is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.boot.ladder import ConsoleRung, FactRung, Rung
from harness.boot.preamble import KIND
from harness.boot.uboot import LONGEST, UBootScript
from harness.doors.door import Entry, Opened
from harness.image.media.loaderfiles import loader_files
from harness.machine.qemu.argv import Media
from harness.words import Arch, Outcome

KERNEL, INITRD, TREE = "kernel", "initrd.img", "board.dtb"

_ANY = Arch.X86_64.debian  # a package of no architecture is in the index of each
_OPENSBI = ConsoleRung("firmware", re.compile(r"^OpenSBI v[^\n]{1,40}", re.MULTILINE), "OpenSBI v")
# On a board whose UART is none of the first drivers the banner is not seen.
_BANNER = ConsoleRung(
    "bootloader", re.compile(r"^(?:U-Boot 20\d\d\.\d\d[^\n]{0,80}|Hit any key to stop autoboot)", re.MULTILINE)
)
_PREPARED = FactRung("loaded", KIND, failure=Outcome.BOOTLOADER_FAILURE)


@dataclass(frozen=True, slots=True)
class Board:
    """A machine that Debian has a U-Boot for. `tree`: where the device tree is, in U-Boot's words.

    `replaces_kernel`: QEMU starts it in the place of a kernel; else it is the machine's firmware.
    """

    package: str
    debian_arch: str
    folder: str
    tree: str
    replaces_kernel: bool = True
    firmware: tuple[Rung, ...] = ()


_BOARDS: Mapping[tuple[Arch, str], Board] = {
    # These have the tree from QEMU, which knows what it built.
    (Arch.ARM64, "virt"): Board(
        "u-boot-qemu", _ANY, "usr/lib/u-boot/qemu_arm64", "$fdtcontroladdr", replaces_kernel=False
    ),
    (Arch.RISCV64, "virt"): Board(
        "u-boot-qemu", _ANY, "usr/lib/u-boot/qemu-riscv64_smode", "$fdtcontroladdr", firmware=(_OPENSBI,)
    ),
    (Arch.ARM64, "raspi3b"): Board("u-boot-rpi", Arch.ARM64.debian, "usr/lib/u-boot/rpi_3", "$fdt_addr_r"),
}


def board_of(entry: Entry) -> Board:
    """The board of the target. Raises InputError where Debian has no U-Boot for it, or another firmware starts it."""
    machine = entry.target.machine
    found = _BOARDS.get((entry.target.arch, machine.type))
    if found is None or machine.firmware != "none":
        raise entry.refused(
            "is no machine that U-Boot is known to start",
            "machine.type",
            f"it starts {', '.join(f'{arch} {kind}' for arch, kind in _BOARDS)} without another firmware",
        )
    return found


def uboot_door(
    entry: Entry, board: Board, media: Media, *, load: Sequence[str], command: str, seen: ConsoleRung, source: str
) -> Opened:
    """U-Boot, told to load and start.

    `load`: what comes first. `command`: loads a file, with `{address}` and `{file}`. `seen`: how its success shows.
    `source`: what it loads from, for the record.
    """
    binary = loader_files(board.package, board.debian_arch, board.folder) / "u-boot.bin"
    put = replace(media, kernel=binary, dtb=entry.direct.dtb) if board.replaces_kernel else replace(media, bios=binary)
    files = {KERNEL: "$kernel_addr_r"}
    if entry.direct.dtb:
        files[TREE] = board.tree
    files[INITRD] = "$ramdisk_addr_r"  # the last, for its size
    script = (
        f"setenv bootargs '{_quotable(entry)}'",
        *load,
        *(command.format(address=address, file=name) for name, address in files.items()),
        f"booti $kernel_addr_r $ramdisk_addr_r:$filesize {board.tree}",
    )
    rungs = (*board.firmware, _BANNER, seen, _PREPARED)
    return Opened(put, rungs, UBootScript(script, f"U-Boot has kernel and initrd from {source}"))


def _quotable(entry: Entry) -> str:
    words = entry.cmdline
    if "'" in words or "\\" in words or len(words) > LONGEST - 80:
        raise entry.refused(
            "has a kernel command line that cannot be typed to U-Boot",
            "cmdline",
            f"it may have no quotes or backslashes, and {LONGEST - 80} characters at most",
        )
    return words
