"""A whole Debian that nobody here made, booted from its disk, which stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.store import sha256_file
from tests.boot.conftest import Ended
from tests.boot.debiandisk import debian_disk


def test_a_whole_debian(bootmatrix: Callable[..., Ended], tmp_path: Path) -> None:
    disk = debian_disk(tmp_path)
    before = sha256_file(disk)
    ended = bootmatrix("boot", "--target", "x86_64-cloud-nitro", "--disk", str(disk))
    assert ended.status == 0, ended.stdout + ended.stderr
    names = [step["name"] for step in ended.cell["milestones"]]
    assert names == ["firmware", "kernel", "systemd", "basic-target", "multi-user-target", "ready"]
    assert ended.cell["milestones"][-1]["line"].endswith("login:")
    assert ended.cell["failed_units"] == ["broken.service - A unit that fails"]
    assert "failed units: broken.service" in ended.stdout
    assert sha256_file(disk) == before, "the boot has altered its image"
    refused = bootmatrix("boot", "--target", "x86_64-baremetal-secureboot", "--disk", str(disk))
    assert refused.status == 1
    assert refused.cell["diagnosis"]["id"] == "secure-boot-refused"
