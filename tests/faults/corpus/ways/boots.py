"""What is done to a command line, a kernel, a device tree or to the machine itself, before it is switched on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.image.assemble import assemble
from harness.plan.cells import plan
from harness.plan.select import select
from harness.store import Store
from tests.faults.corpus.fault import Scene, Way

ROOT = Path(__file__).resolve().parents[4]


def words(text: str) -> Way:
    """More of the kernel's command line, of a user's own kernel."""
    return lambda scene: replace(scene, foreign=True, words=(*scene.words, *text.split()))


def target(**changes: object) -> Way:
    """Other hardware, as target.yml tells it: a part by its name, with what differs."""
    return lambda scene: scene.with_target(**changes)


def drivers(*names: str) -> Way:
    """Only these are loaded: those that target.yml forgot are not in the image."""
    return lambda scene: scene.with_target(drivers=names)


def disk_bus(bus: str) -> Way:
    """The disk sits on a bus for which the image has no driver."""

    def way(scene: Scene) -> Scene:
        (healthy,) = scene.cell.target.disks
        return scene.with_target(disks=(healthy.model_copy(update={"bus": bus}),))

    return way


def display(driver: str) -> Way:
    """A graphics card more."""
    return lambda scene: scene.with_target(devices=(*scene.cell.target.devices, {"driver": driver}))


def console(device: str) -> Way:
    """Another name of the console."""
    return lambda scene: scene.with_target(console={"device": device})


def kernel(data: Callable[[bytes], bytes]) -> Way:
    """Another file in the place of the kernel, made of the healthy one."""

    def way(scene: Scene) -> Scene:
        path = scene.folder / "kernel"
        path.write_bytes(data(scene.files.kernel.image.read_bytes()))
        return replace(scene, foreign=True, kernel=path)

    return way


def kernel_of(name: str) -> Way:
    """The kernel of another target, with its initrd."""
    return lambda scene: replace(scene, foreign=True, kernel=_files(name, "kernel"), initrd=_files(name, "initrd"))


def tree_of(name: str) -> Way:
    """The device tree of another target."""
    return lambda scene: replace(scene, foreign=True, dtb=_files(name, "dtb"))


def disk(data: bytes) -> Way:
    """A disk of a user's, to boot from."""

    def way(scene: Scene) -> Scene:
        path = scene.folder / "disk.img"
        path.write_bytes(data)
        return replace(scene, disk=path)

    return way


def ready(pattern: str) -> Way:
    """What the console of a user's own image says when it is up."""
    return lambda scene: replace(scene, ready=pattern)


def with_disk(scene: Scene) -> Scene:
    """A disk beside the kernel, for its root file system, that has none."""
    path = scene.folder / "root.img"
    path.write_bytes(bytes(8 << 20))
    return replace(scene, foreign=True, root=path)


def little_room(size: int) -> Way:
    """So many bytes for the records of the run."""
    return lambda scene: replace(scene, room=size)


def _files(name: str, what: str) -> Path:
    cell = select(plan(ROOT), [name])[0]
    files = assemble(cell.target, cell.image, cell.kernel, cell.media, Store())
    path = {"kernel": files.kernel.image, "initrd": files.initrd, "dtb": files.dtb}[what]
    assert path
    return path
