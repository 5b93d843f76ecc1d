"""The small initrd of images whose root file system is on a disk: busybox, drivers of disks, and what to look for.

Debian's kernels have the file systems, and most drivers of disks, as modules; kernels matched for a target have them
built in. The initrd serves both, and a user's kernel too: it takes from the image's own modules those that a disk may
need, which are none where all is built in. Nor need anybody know what the disk will be called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from harness.errors import InputError
from harness.image import cpio
from harness.image.component.build import Components
from harness.image.entries import Entry, Kind, file, folder
from harness.image.media.payload import copy_content, write_initrd
from harness.image.writing import created
from harness.kernel.distro import depmod
from harness.kernel.modules import closure, read_index, unpacked_module
from harness.store import Store
from harness.words import Arch

_COMPONENT = "root-finder"
_FOLDER = "etc/root-finder"
_HEAD = 64 << 10  # bytes by which a file system is known: its superblock and the beginning of its data
_MODULES = re.compile(r"(?:usr/)?lib/modules/([^/]+)/(.+)")
# What a disk may sit behind; the initrd loads of them what the machine has.
_DRIVERS = (
    "ahci", "ata_piix", "ata_generic", "ehci_pci", "hv_storvsc", "mmc_block", "mptspi", "nvme", "sd_mod", "sdhci_pci",
    "sdhci_acpi", "sdhci_iproc", "uas", "usb_storage", "virtio_blk", "virtio_mmio", "virtio_pci", "virtio_scsi", "vmd",
    "vmw_pvscsi", "xen_blkfront", "xhci_pci",
)  # fmt: skip


def write_finder(
    entries: Sequence[Entry], arch: Arch, fs: str, image: Path, path: Path, work: Path, ucode: Entry | None = None
) -> None:
    """Write the initrd that finds `image`, a file system that the kernel calls `fs`, on any disk of the machine.

    `entries`: the image's own, for its modules. `ucode`: microcode, which comes first.
    Raises InputError where the image's kernel lacks the file system.
    """
    with image.open("rb") as stream:
        head = stream.read(_HEAD)
    found = Components(Store()).resolve(_COMPONENT, arch).entries()
    own = [folder(_FOLDER), file(f"{_FOLDER}/type", f"{fs}\n".encode()), file(f"{_FOLDER}/head", head)]
    with created(path) as out:
        nodes = [*(entry for entry in found if entry.path), *own, *_modules(entries, fs, work)]
        write_initrd(cpio.arranged(nodes), out, ucode)


def _modules(entries: Sequence[Entry], fs: str, work: Path) -> list[Entry]:
    """Those of the image's modules that a root file system needs, uncompressed and indexed; none where it has none."""
    there: dict[str, Entry] = {}
    release = ""
    for entry in entries:
        if entry.kind is Kind.FILE and (match := _MODULES.fullmatch(entry.path)):
            release, name = match.groups()
            there[name] = entry
    if "modules.dep" not in there:
        return []
    source = work / "lists"
    for name in (name for name in there if name.startswith("modules.") and "/" not in name):
        _copy(there[name], source / name)
    index = read_index(source)
    if fs not in index and index.builtin:
        raise InputError(f"the image's kernel {release} has no {fs}", hint="take a kernel with it, or kernel+initrd")
    tree = work / "lib/modules" / release
    for name in closure(index, (), (fs, *_DRIVERS)).files:
        if name in there:
            target = tree / re.sub(r"\.ko\.\w+$", ".ko", name)
            _copy(there[name], target)
            target.write_bytes(unpacked_module(target.read_bytes(), name))  # busybox's modprobe reads only plain ones
    tree.mkdir(parents=True, exist_ok=True)
    for name in ("modules.order", "modules.builtin"):
        if name in there:
            _copy(there[name], tree / name)
    depmod(work, release)
    # busybox's modprobe reads the lists that are text.
    files = sorted(one for one in tree.rglob("*") if one.is_file() and not one.name.endswith(".bin"))
    return [file(str(one.relative_to(work)), one) for one in files]


def _copy(entry: Entry, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with created(target) as out:
        copy_content(entry, out)
