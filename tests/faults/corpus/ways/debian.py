"""An initrd as Debian's initramfs-tools make it: its own /init and scripts, from its package, over our busybox."""

from __future__ import annotations

from pathlib import Path

from harness.image.entries import Entry, file, folder
from harness.kernel.debian import fetch, unpack
from harness.store import Store
from tests.faults.corpus.fault import Scene, Way
from tests.faults.corpus.ways import initrds

_PACKAGE = "initramfs-tools-core"
_BELOW = "usr/share/initramfs-tools/"
_FILES = ("init", "scripts/functions", "scripts/local", "scripts/nfs")
_CONF = {"conf/initramfs.conf": b"BOOT=local\n", "conf/arch.conf": b"DPKG_ARCH=arm64\n"}


def initramfs_tools(scene: Scene) -> Scene:
    """The hooks of other packages are not in it: with none of them, this is what `mkinitramfs` puts together."""
    into = scene.folder / _PACKAGE
    into.mkdir()
    deb = fetch(_PACKAGE, scene.cell.target.arch, Store())
    unpack(deb, into, lambda name: name.removeprefix(_BELOW) if name.removeprefix(_BELOW) in _FILES else None)
    way: Way = initrds.remade(lambda entries: [*_without(entries), *_made(into)])
    return way(scene)


def _without(entries: list[Entry]) -> list[Entry]:
    return [one for one in entries if one.path != "init"]


def _made(unpacked: Path) -> list[Entry]:
    data = {name: (unpacked / name).read_bytes() for name in _FILES} | _CONF
    folders = [folder(path) for path in ("conf", "conf/conf.d", "scripts", "root", "run")]
    return [*folders, *(file(path, text, executable=True) for path, text in data.items())]
