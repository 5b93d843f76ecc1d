"""Somebody else's image: Debian's own installer, from its packages, up to its first screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.kernel import debian
from harness.store import Store
from harness.words import Arch
from tests.boot.conftest import Ended

IMAGES = "usr/lib/debian-installer/images/12/{arch}/text/debian-installer/{arch}/"


@pytest.mark.parametrize(
    ("arch", "target"), [(Arch.X86_64, "x86_64-baremetal-bios"), (Arch.ARM64, "arm64-baremetal-uefi")]
)
def test_the_installer_reaches_its_first_screen(
    bootmatrix: Callable[..., Ended], tmp_path: Path, arch: Arch, target: str
) -> None:
    deb = debian.fetch(f"debian-installer-12-netboot-{arch.debian}", arch, Store())
    folder = tmp_path / "installer"
    inside = IMAGES.format(arch=arch.debian)
    files = (f"{inside}linux", f"{inside}initrd.gz")
    debian.unpack(deb, folder, lambda name: Path(name).name if name in files else None)
    ended = bootmatrix(
        *("boot", "--target", target),
        *("--kernel", str(folder / "linux"), "--initrd", str(folder / "initrd.gz")),
        *("--ready", r"Select a language|Choose the language"),
    )
    assert ended.status == 0, ended.stderr
    assert ended.cell["outcome"] == "ready"
    assert "language" in ended.cell["milestones"][-1]["line"]
