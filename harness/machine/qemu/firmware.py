"""Finds UEFI firmware by the descriptors that QEMU's packages install (docs/interop/firmware.json in QEMU's tree)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import HostError
from harness.words import Arch

# In the order of QEMU's specification: what the administrator placed wins over what a package installed.
ADMINISTRATOR = Path("/etc/qemu/firmware")
DESCRIPTOR_DIRS = (ADMINISTRATOR, Path("/usr/share/qemu/firmware"))
_PACKAGES = {Arch.X86_64: "ovmf", Arch.ARM64: "qemu-efi-aarch64", Arch.ARMHF: "qemu-efi-arm"}


@dataclass(frozen=True, slots=True)
class Firmware:
    """A UEFI build: `code` is mapped read-only, `variables` is the template of the machine's own variable store."""

    code: Path
    variables: Path
    smm: bool = False  # it keeps its variables where only system management mode writes to them


def _fits(descriptor: dict[str, Any], arch: Arch, machine: str, *, secure: bool) -> bool:
    if "uefi" not in descriptor.get("interface-types", ()) or descriptor.get("mapping", {}).get("device") != "flash":
        return False
    features = set(descriptor.get("features", ()))
    if "secure-boot" not in features if secure else {"requires-smm", "enrolled-keys"} & features:
        return False
    return any(
        target.get("architecture") == arch.qemu
        and any(_machine_matches(pattern, machine) for pattern in target.get("machines", ()))
        for target in descriptor.get("targets", ())
    )


def _machine_matches(pattern: str, machine: str) -> bool:
    # Patterns look like "pc-q35-*"; targets name the alias ("q35"), which stands for the newest of those.
    stem = pattern.removesuffix("*").rstrip("-")
    return machine == stem or machine.startswith(stem + "-") or stem.endswith(f"-{machine}")


@cache
def find_uefi(arch: Arch, machine: str, dirs: tuple[Path, ...] = DESCRIPTOR_DIRS, *, secure: bool = False) -> Firmware:
    """The first UEFI build for this machine type: a plain one, or `secure`, one that can verify what it starts.

    The variables of the latter may have somebody's keys already. Raises HostError with the package to install.
    """
    by_name: dict[str, Path] = {}
    for folder in dirs:
        if folder.is_dir():
            for path in sorted(folder.glob("*.json")):
                by_name.setdefault(path.name, path)
    for name in sorted(by_name):
        try:
            descriptor = json.loads(by_name[name].read_text(encoding="utf-8"))
            if not _fits(descriptor, arch, machine, secure=secure):
                continue
            mapping = descriptor["mapping"]
            found = Firmware(
                Path(mapping["executable"]["filename"]),
                Path(mapping["nvram-template"]["filename"]),
                smm="requires-smm" in descriptor.get("features", ()),
            )
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            continue  # an empty file masks a descriptor, by the specification; a damaged one is no firmware either
        if found.code.is_file() and found.variables.is_file():
            return found
    package = _PACKAGES.get(arch)
    what = "UEFI firmware with Secure Boot" if secure else "UEFI firmware"
    raise HostError(
        f"no {what} for {arch} machine {machine} among the descriptors in {', '.join(map(str, dirs))}",
        hint=f"install the package {package}" if package else "install an edk2 build for it",
    )
