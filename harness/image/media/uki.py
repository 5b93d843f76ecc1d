"""A unified kernel image: kernel, initrd and command line in one EFI program, by systemd's stub and its ukify."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from harness.errors import InputError
from harness.image.media.loaderfiles import loader_files
from harness.image.media.payload import Payload
from harness.image.media.pesection import replace_last
from harness.image.media.tools import run_argv
from harness.words import Arch

_STUBS = "usr/lib/systemd/boot/efi"
_EFI_NAMES: Mapping[Arch, str] = {Arch.X86_64: "x64", Arch.ARM64: "aa64", Arch.RISCV64: "riscv64"}
_SIGNATURE = b"MZ"  # a kernel with an EFI stub begins as every EFI program does
# What the image says of itself to boot managers; ukify would take the host's own words.
_OS_RELEASE = "ID=bootmatrix\nNAME=bootmatrix\nPRETTY_NAME=bootmatrix\n"


def boot_path(arch: Arch) -> str:
    """Where firmware looks for a program on a medium that it does not know (UEFI 2.10, 3.5.1.1)."""
    return f"EFI/BOOT/BOOT{_EFI_NAMES[arch].upper()}.EFI"


def efi_file(name: str, arch: Arch) -> Path:
    """A file of systemd's for UEFI; `{}` in its name stands for the architecture."""
    return loader_files("systemd-boot-efi", arch.debian, _STUBS) / name.format(_EFI_NAMES[arch])


def refuse_without_efi(kernel: Path, arch: Arch, form: str) -> None:
    """Raises InputError where the architecture or the kernel has no EFI."""
    if arch not in _EFI_NAMES:
        raise InputError(
            f"{form} is not written for {arch}", hint=f"it is for {' and '.join(known.value for known in _EFI_NAMES)}"
        )
    with kernel.open("rb") as stream:
        if stream.read(len(_SIGNATURE)) != _SIGNATURE:
            raise InputError(
                f"{form} needs a kernel that UEFI can start, and this one has no EFI stub",
                hint="build it with CONFIG_EFI_STUB=y, uncompressed, or use another format",
            )


def write_uki(made: Payload, arch: Arch, form: str) -> Path:
    """The EFI program, in the payload's folder. Raises InputError where the architecture or the kernel has no EFI."""
    refuse_without_efi(made.kernel, arch, form)
    stub = efi_file("linux{}.efi.stub", arch)
    # ukify is a Python program of no architecture; the index of any has it.
    ukify = loader_files("systemd-ukify", Arch.X86_64.debian, "usr/bin") / "ukify"
    out = made.folder / "uki.efi"
    release, empty = made.folder / "os-release", made.folder / "no-initrd"
    empty.write_bytes(b"\0")
    release.write_text(_OS_RELEASE, encoding="ascii")
    # No release is given: ukify would search the kernel for it, and fail at one that it cannot unpack.
    words = [
        f"--linux={made.kernel}", f"--initrd={empty}", f"--cmdline=@{made.cmdline}", f"--stub={stub}",
        f"--os-release=@{release}", "--uname=", f"--efi-arch={_EFI_NAMES[arch]}", f"--output={out}",
    ]  # fmt: skip
    # The host may have a configuration for images of its own, which is none of ours.
    run_argv([sys.executable, "-I", str(ukify), "--config=/dev/null", "build", *words], cwd=made.folder)
    replace_last(out, ".initrd", made.initrd)
    if made.sign:
        made.sign(out)
    return out
