"""What is done to a machine that verifies what it starts, and to its TPM."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

from harness.image.media.convert import RAW
from harness.image.medium import disk_medium
from harness.machine.qemu.argv import Media
from harness.store import Store
from tests.faults.corpus.fault import Meddled, Meddling, Scene, Way


def unsigned(scene: Scene) -> Scene:
    """The medium has the same unified kernel, and nobody has signed it."""
    machine = scene.cell.target.machine.model_copy(update={"secure_boot": False})
    target = scene.cell.target.model_copy(update={"machine": machine})
    files = scene.files
    path = disk_medium(target, RAW, files.kernel.image, files.initrd, " ".join(files.cmdline), Store())

    def change(media: Media) -> Media:
        media.disks[-1].path.write_bytes(path.read_bytes())
        return media

    return replace(scene, media=(*scene.media, change))


def altered(scene: Scene) -> Scene:
    """One letter of the kernel's command line, after it was signed."""
    words = " ".join(scene.files.cmdline).encode()

    def change(media: Media) -> Media:
        disk = media.disks[-1].path
        data = disk.read_bytes()
        if data.count(words) != 1:
            raise ValueError(f"the command line stands {data.count(words)} times on the disk")
        disk.write_bytes(data.replace(words, words.replace(b"panic=0", b"panic=9")))
        return media

    return replace(scene, media=(*scene.media, change))


def tpm_killed(after: bytes) -> Way:
    """swtpm is gone while the machine runs."""

    def act(machine: Meddled) -> None:
        assert machine._tpm
        os.kill(machine._tpm.pid, signal.SIGKILL)

    return lambda scene: replace(scene, meddling=(*scene.meddling, Meddling(after, act)))
