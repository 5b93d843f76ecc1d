"""UEFI out of Debian's packages in the store, for architectures whose build on the host is missing or too old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from harness.errors import HostError
from harness.image.media.loaderfiles import loader_files
from harness.machine.qemu.firmware import ADMINISTRATOR, Firmware, find_uefi
from harness.words import Arch


@dataclass(frozen=True, slots=True)
class _Package:
    name: str
    folder: str
    code: str
    variables: str


_PACKAGES: Mapping[Arch, _Package] = {
    # EDK II of Debian 12 waits for a TPM that is not there, by a clock whose every reading is an exit when nested.
    Arch.X86_64: _Package("ovmf", "usr/share/OVMF", "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    # EDK II before 2024.08 takes the second serial port of a virt machine that has two for its console.
    Arch.ARM64: _Package("qemu-efi-aarch64", "usr/share/AAVMF", "AAVMF_CODE.no-secboot.fd", "AAVMF_VARS.fd"),
    # Debian 12 has none.
    Arch.RISCV64: _Package(
        "qemu-efi-riscv64", "usr/share/qemu-efi-riscv64", "RISCV_VIRT_CODE.fd", "RISCV_VIRT_VARS.fd"
    ),
}


@cache
def uefi_of(arch: Arch, machine: str) -> Firmware:
    """What the administrator placed, else the package in the store, else what the host has installed.

    Raises HostError with the package to install.
    """
    package = _PACKAGES.get(arch)
    if package is None:
        return find_uefi(arch, machine)
    try:
        return find_uefi(arch, machine, (ADMINISTRATOR,))
    except HostError:
        files = loader_files(package.name, Arch.X86_64.debian, package.folder)  # of no architecture: any index has it
        return Firmware(files / package.code, files / package.variables)
