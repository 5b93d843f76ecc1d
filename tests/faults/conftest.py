"""Boots that are broken on purpose, each by one real change."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.image import cpio
from harness.image.entries import file
from harness.plan.cells import plan
from harness.plan.select import select
from harness.run.cellwork import CellWork
from harness.run.work import Prepared
from harness.store import Store
from tests.boot.conftest import ROOT, Ended, bootmatrix

__all__ = ["bootmatrix"]


def prepared(target: str, folder: Path) -> Prepared:
    """The healthy files of a target's cell."""
    folder.mkdir()
    return CellWork(select(plan(ROOT), [target])[0], Store()).prepare(folder, lambda _: None)


@pytest.fixture
def boot_broken(bootmatrix: Callable[..., Ended], tmp_path: Path) -> Callable[..., Ended]:
    """Boot a target's own kernel and initrd with another /init, laid over the initrd as the kernel allows."""

    def boot(target: str, init: str, *words: str, executable: bool = True) -> Ended:
        files = prepared(target, tmp_path / "files")
        assert files.media.kernel
        assert files.media.initrd
        initrd = tmp_path / "initrd"
        healthy = files.media.initrd.read_bytes()
        padding = b"\0" * (-len(healthy) % 4)
        overlay = tmp_path / "overlay.cpio"
        with overlay.open("wb") as out:
            cpio.write([file("init", init.encode(), executable=executable)], out)
        initrd.write_bytes(healthy + padding + gzip.compress(overlay.read_bytes(), mtime=0))
        ready = ("--ready", "bootmatrix: step=ready")
        return bootmatrix(
            "boot", "--target", target, "--kernel", str(files.media.kernel), "--initrd", str(initrd), *ready, *words
        )

    return boot
