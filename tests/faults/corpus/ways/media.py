"""What is done to the media of a cell of ours, after they were made: its own devices stay in the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.machine.qemu.argv import Media
from harness.machine.qemu.firmware import Firmware
from tests.faults.corpus.fault import Scene, Way


def cmdline(change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Way:
    """The whole of the kernel's command line."""
    return _changed(lambda media: replace(media, cmdline=change(media.cmdline)))


def ours(*ways: Way) -> Way:
    """What was done to an initrd, to that of a cell of ours."""

    def way(scene: Scene) -> Scene:
        for one in ways:
            scene = one(scene)
        path = scene.initrd
        return _changed(lambda media: replace(media, initrd=path))(replace(scene, foreign=False))

    return way


def no_initrd(scene: Scene) -> Scene:
    """None is handed over."""
    return _changed(lambda media: replace(media, initrd=None))(scene)


def no_disk(scene: Scene) -> Scene:
    """The machine's disk is not in it."""
    return _changed(lambda media: replace(media, disks=()))(scene)


def lost_firmware(scene: Scene) -> Scene:
    """The file of the firmware is gone when the machine is switched on."""

    def change(media: Media) -> Media:
        assert media.firmware
        return replace(media, firmware=Firmware(scene.folder / "gone.fd", media.firmware.variables))

    return _changed(change)(scene)


def metadata_by(*program: str) -> Way:
    """Another program answers for the cloud's metadata service; none: nobody does."""
    return _changed(lambda media: replace(media, metadata=program))


def _changed(change: Callable[[Media], Media]) -> Way:
    return lambda scene: replace(scene, media=(*scene.media, change))
