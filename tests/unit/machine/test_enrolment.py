"""Keys: one pair a store, kept from others, and enrolled where firmware looks for them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image.media.signing import signer_of
from harness.machine.qemu.enrolment import enrolled, refuse_unverified
from harness.machine.qemu.firmware import find_uefi
from harness.plan.target import Target
from harness.store import Store
from harness.words import Arch


def test_a_store_has_one_key_of_its_own(tmp_path: Path) -> None:
    first, second = Store(tmp_path / "a"), Store(tmp_path / "b")
    signer = signer_of(first)
    assert signer.digest == signer_of(first).digest != signer_of(second).digest
    assert signer.key.stat().st_mode & 0o077 == 0


def test_what_a_machine_trusts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    template = find_uefi(Arch.X86_64, "q35", secure=True).variables
    path = enrolled(template, signer_of(store), store)
    assert path.stat().st_size == template.stat().st_size
    dump = tmp_path / "dump.json"
    program = [sys.executable, "-m", "virt.firmware.vars", "--input", str(path), "--output-json", str(dump)]
    subprocess.run(program, check=True, capture_output=True)
    variables = {one["name"]: bytes.fromhex(one["data"]) for one in json.loads(dump.read_text())["variables"]}
    ours = b"bootmatrix: a key for tests"
    assert all(ours in variables[name] for name in ("PK", "KEK", "db"))
    assert b"Microsoft" in variables["db"]
    assert variables["SecureBootEnable"] == b"\1"


def test_a_kernel_that_would_go_around_it(target: Callable[..., Target]) -> None:
    refuse_unverified(target(machine={"type": "q35", "firmware": "uefi"}))
    with pytest.raises(InputError, match="handed over directly"):
        refuse_unverified(target(machine={"type": "q35", "firmware": "uefi", "secure_boot": True}))
