"""UEFI variables of a machine with Secure Boot: our key and Microsoft's, and the switch that has them heeded."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.errors import InputError
from harness.image.media.identity import digest_of, uuid_of
from harness.image.media.signing import Signer
from harness.image.media.tools import run_argv
from harness.kernel.distro import target_file
from harness.plan.target import Target
from harness.store import Store

_VERSION = 1  # of what this file makes; part of the key
_OWNER = str(uuid_of("owner of enrolled keys"))
_OTHERS_KEYS = ("PK", "KEK", "db", "dbx")  # a template may have a vendor's


def enrolled(template: Path, signer: Signer, store: Store) -> Path:
    """A variable store with the keys, made from an empty or enrolled one by virt-firmware; in the store.

    What shops sell trusts Microsoft, and what distributions ship is signed by it: so is their medium started here.
    Raises HostError for a template that virt-firmware does not know.
    """
    inputs = {"version": _VERSION, "template": digest_of(template), "signer": signer.digest}

    def make(folder: Path) -> None:
        certificate = str(signer.certificate)
        words = [word for name in _OTHERS_KEYS for word in ("--delete", name)]
        words += ["--enroll-cert", certificate, "--microsoft-db", "all"]  # as platform and key exchange key, and theirs
        words += ["--add-db", _OWNER, certificate, "--secure-boot"]
        # A program and no import: its licence asks of what links it what ours does not.
        program = [sys.executable, "-I", "-m", "virt.firmware.vars"]
        run_argv([*program, "--input", str(template), *words, "--output", str(folder / "variables.fd")])

    return store.get("uefi-variables", inputs, make, room=128 << 20) / "variables.fd"


def refuse_unverified(target: Target) -> None:
    """Raises InputError for a kernel that is to be handed to a machine that verifies what it starts.

    QEMU would give it to the firmware past its boot options, and OVMF starts such a kernel though it refuses it.
    """
    if target.machine.secure_boot:
        raise InputError(
            f"{target.name} has Secure Boot, which a kernel that is handed over directly goes around",
            where=target_file(target, "machine.secure_boot"),
            hint="boot it from a medium: media: disk or iso in matrix.yml, --disk or --iso on the command line",
        )
