"""What is done to the medium of a door: the disk that firmware starts, the CD, the network's server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.image.assemble import assemble
from harness.image.media.tools import run
from harness.image.medium import iso_medium
from harness.machine.qemu.argv import Media
from harness.plan.cells import plan
from harness.plan.select import select
from harness.store import Store
from tests.faults.corpus.fault import Meddled, Meddling, Scene, Way

ROOT = Path(__file__).resolve().parents[4]
SECTOR = 512
PARTITION = "@@1M"  # where mtools finds the file system of the disks' first partition
NOBODY = "10.0.2.200"  # an address of the guest's own network that nobody has


def door(media: str) -> Way:
    """The cell, through this door."""
    return lambda scene: replace(scene, cell=replace(scene.cell, media=media))


def disk(alter: Callable[[Path], None]) -> Way:
    """Something is done to the machine's own copy of the last disk, from which it starts."""

    def change(media: Media) -> Media:
        alter(media.disks[-1].path)
        return media

    return lambda scene: replace(scene, media=(*scene.media, change))


def empty_sector(path: Path) -> None:
    """A disk whose first sector is empty: nothing to boot, and no partitions."""
    with path.open("r+b") as stream:
        stream.write(bytes(SECTOR))


def broken_gpt(path: Path) -> None:
    """Both headers of the GPT have a checksum that does not hold."""
    with path.open("r+b") as stream:
        for place, whence in ((SECTOR, 0), (-SECTOR, 2)):
            stream.seek(place + 16, whence)
            stream.write(b"\xde\xad\xbe\xef")


def without(name: str) -> Callable[[Path], None]:
    """A file system that lacks a file."""

    def alter(path: Path) -> None:
        run("mdel", "-i", f"{path.name}{PARTITION}", f"::/{name}", cwd=path.parent)

    return alter


def overwritten(name: str, data: bytes) -> Callable[[Path], None]:
    """A file system with something else in the place of a file."""

    def alter(path: Path) -> None:
        other = path.with_suffix(".other")
        other.write_bytes(data)
        run("mcopy", "-o", "-i", f"{path.name}{PARTITION}", other.name, f"::/{name}", cwd=path.parent)

    return alter


def iso_of(name: str) -> Way:
    """The CD of another target."""

    def change(media: Media) -> Media:
        cell = select(plan(ROOT), [name])[0]
        files = assemble(cell.target, cell.image, cell.kernel, cell.media, Store())
        assert files.initrd
        return replace(media, iso=iso_medium(cell.target, files.kernel.image, files.initrd, "quiet", Store()))

    return lambda scene: replace(scene, media=(*scene.media, change))


def network(alter: Callable[[Media], Media]) -> Way:
    """Something is done to the network's server."""
    return lambda scene: replace(scene, media=(*scene.media, alter))


def lost_file(media: Media) -> Media:
    """The server does not have what DHCP names."""
    assert media.netboot
    (media.netboot.folder / media.netboot.file).unlink()
    return media


def lost_kernel(media: Media) -> Media:
    """The server does not have the kernel."""
    assert media.netboot
    (media.netboot.folder / "kernel").unlink()
    return media


def silent_server(media: Media) -> Media:
    """DHCP names a server that never answers."""
    assert media.netboot
    return replace(media, netboot=replace(media.netboot, file=f"tftp://{NOBODY}/{media.netboot.file}"))


def unplugged(scene: Scene) -> Scene:
    """The network's cable is out from the start."""

    async def act(machine: Meddled) -> None:
        await machine.tell("set_link", name="net0", up=False)

    return replace(scene, meddling=(*scene.meddling, Meddling(b"", act)))
