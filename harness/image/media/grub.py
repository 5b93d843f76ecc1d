"""GRUB for machines with a BIOS: one core image with its few modules and what it shall do, which reads no file else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import InputError
from harness.image.media.loaderfiles import loader_files
from harness.image.media.tools import run
from harness.words import Arch

KERNEL_FILE, INITRD_FILE = "boot/kernel", "boot/initrd.img"  # where it finds them on the medium
_MODULES = "usr/lib/grub/i386-pc"
_COMMON = ("biosdisk", "linux", "boot", "serial", "echo")
_BOOT_CODE = 440  # bytes of boot.img that belong into an MBR; the table follows
_SECTOR = 512
_CORE_ROOM = (1 << 20) - _SECTOR  # between the MBR and the first partition
# Without a serial port the line fails, and GRUB goes on with the next.
_TERMINAL = "serial --unit=0 --speed=115200\nterminal_output console serial"


def refuse_other_than_x86(arch: Arch, form: str) -> None:
    """Raises InputError where no machine of the architecture has a BIOS."""
    if arch is not Arch.X86_64:
        raise InputError(f"{form} is not written for {arch}", hint="only x86_64 has a BIOS; there is a format for UEFI")


def quoted(cmdline: str) -> str:
    """A kernel's command line as words of GRUB's language. Pure. Raises InputError for what no line can hold."""
    if not cmdline.isprintable():
        raise InputError("the kernel's command line has a control character", hint="see kernel.cmdline in the YAML")
    # GRUB quotes what it hands on where a word has spaces, so words are quoted one by one.
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in cmdline.split())


def disk_script(cmdline: str) -> str:
    """What the core image of a disk does: boot what is in the disk's first partition. Pure."""
    return _script("set root=$root,msdos1", cmdline)


def iso_script(cmdline: str) -> str:
    """What the core image of an ISO does: boot what is on the disc. Pure."""
    return _script("", cmdline)


def _script(root: str, cmdline: str) -> str:
    lines = [_TERMINAL, root, f"linux /{KERNEL_FILE} {quoted(cmdline)}", f"initrd /{INITRD_FILE}", "boot"]
    return "".join(f"{line}\n" for line in lines if line)


def write_core(folder: Path, script: str, target: str, modules: Sequence[str]) -> Path:
    """A core image in `folder`. `target`: grub-mkimage's word (i386-pc, i386-pc-eltorito)."""
    config, core = folder / "grub.cfg", folder / "core.img"
    config.write_text(script, encoding="utf-8")
    source = loader_files("grub-pc-bin", Arch.X86_64.debian, _MODULES)
    run(
        "grub-mkimage", "-O", target, "-d", source, "-p", "/boot/grub", "-c", config, "-o", core,
        *_COMMON, *modules, cwd=folder,
    )  # fmt: skip
    return core


def install_in_mbr(disk: Path, core: Path) -> None:
    """Put GRUB in front of the first partition of a disk whose table is an MBR.

    boot.img looks for the core image in the second sector, and grub-mkimage makes one that goes on in the third: as
    grub-install has it on a disk where nothing else is in the way.
    """
    if core.stat().st_size > _CORE_ROOM:
        raise InputError(
            f"GRUB takes {core.stat().st_size} bytes and there is room for {_CORE_ROOM}", hint="shorten kernel.cmdline"
        )
    boot = loader_files("grub-pc-bin", Arch.X86_64.debian, _MODULES) / "boot.img"
    with disk.open("r+b") as out:
        out.write(boot.read_bytes()[:_BOOT_CODE])
        out.seek(_SECTOR)
        out.write(core.read_bytes())
