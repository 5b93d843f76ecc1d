"""From what was built to the facts of a boot: the one place of preflight that reads files."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import BootmatrixError, InputError
from harness.image.contents import Contents
from harness.image.initrdcheck import check_initrd
from harness.image.recipe import component, image
from harness.kernel.artifact import KernelArtifact
from harness.kernel.devicetree import DeviceTree, read_tree
from harness.kernel.symbols import read_symbols
from harness.machine.qemu.argv import Media, qemu_argv
from harness.plan.target import Target
from harness.preflight.facts import Facts
from harness.preflight.knowledge import kept_knowledge
from harness.store import Store

_CONTENTS = 3  # of what is kept of an initrd; part of the key
UNCERTAIN = ".config"  # lies in a source tree, where the next `make menuconfig` changes it


def gather(
    target: Target,
    kernel: KernelArtifact,
    media: Media,
    store: Store,
    *,
    needs: Sequence[str] = (),
    ours: bool = True,
    complaints: Mapping[str, str] | None = None,
) -> Facts:
    """The facts of one boot. Milliseconds; an initrd is read through once, and what was seen is kept.

    `complaints`: what is known to be wrong with a file, by `kernel`, `initrd`; a damaged initrd's own is added. Raises
    InputError and HostError for files that cannot be read at all.
    """
    words = qemu_argv(target, media, accelerator="tcg")
    wrong = dict(complaints or {})
    contents: Contents | None = None
    if media.initrd:
        try:
            contents = contents_of(media.initrd, store)
        except InputError as problem:
            wrong["initrd"] = problem.what
    return Facts(
        target=target,
        knowledge=kept_knowledge(store),
        config=read_symbols(kernel.config) if kernel.config else None,
        config_certain=kernel.config is None or kernel.config.name != UNCERTAIN,
        release=kernel.release,
        cmdline=media.cmdline,
        devices=tuple(_drivers(words)),
        onboard_nic=any(nic.model == "onboard" for nic in target.nics),
        buses=tuple(disk.bus for disk in target.disks[: len(media.disks)]),
        initrd=contents,
        tree=_tree(media.dtb, wrong),
        needs=tuple(needs),
        complaints=wrong,
        ours=ours,
    )


def image_needs(name: str | Path, target: Target) -> tuple[str, ...]:
    """The features that an image of ours asks of a kernel on this target."""
    needs = [need for part in image(name).init for need in component(part).needs]
    if target.nics:
        needs.append("dhcp")
    if any(disk.content == "nocloud" for disk in target.disks):
        needs.append("iso9660")
    return tuple(dict.fromkeys(needs))


# What any distribution's init asks for; nobody knows what a stranger's does, so without it we only warn.
USUAL_NEEDS = ("devtmpfs", "proc", "sysfs", "printk", "tmpfs", "unix", "futex", "multiuser")


def contents_of(initrd: Path, store: Store) -> Contents:
    """What is inside an initrd, kept in the store by the file's path, size and times. Raises InputError."""
    status = initrd.stat()
    identity = [str(initrd.absolute()), status.st_size, status.st_mtime_ns, status.st_ino]
    inputs = {"version": _CONTENTS, "file": identity}

    def make(folder: Path) -> None:
        (folder / "contents.json").write_text(check_initrd(initrd).as_json(), encoding="utf-8")

    entry = store.get("initrd-contents", inputs, make)
    return Contents.from_json((entry / "contents.json").read_text(encoding="utf-8"))


def _drivers(words: Sequence[str]) -> list[str]:
    """The devices that a QEMU command line adds, in its order."""
    values = [value for option, value in itertools.pairwise(words) if option == "-device"]
    return [str(json.loads(value)["driver"]) for value in values]


def _tree(dtb: Path | None, wrong: dict[str, str]) -> DeviceTree | None:
    """A tree that cannot be read is for QEMU or the kernel to refuse: they may take what this reader does not."""
    try:
        return read_tree(dtb) if dtb else None
    except BootmatrixError as problem:
        wrong["device tree"] = problem.what
        return None
