"""The part of a kernel's modules that goes into an initrd, unpacked, with an index of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from harness.image.entries import Entry, file
from harness.image.steps import helpers_of
from harness.kernel.artifact import KernelArtifact
from harness.kernel.distro import depmod, target_file
from harness.kernel.modules import KEPT_LISTS, Closure, closure, copy_module, read_index
from harness.plan.target import Target

# What modprobe reads of depmod's lists; the binary ones are for kmod's, the text for busybox's.
_LISTS = (
    "modules.alias", "modules.alias.bin", "modules.builtin", "modules.builtin.bin", "modules.dep", "modules.dep.bin",
    "modules.order", "modules.softdep", "modules.symbols", "modules.symbols.bin",
)  # fmt: skip


def modules_for(target: Target, kernel: KernelArtifact, more: Iterable[str] = ()) -> Closure:
    """The drivers of the target, and of its steps' helpers and `more` what the kernel has as modules."""
    assert kernel.modules is not None  # noqa: S101 -- asked by the caller
    index = read_index(kernel.modules / "lib/modules" / kernel.release)
    return closure(index, target.drivers, (*helpers_of(target), *more), where=target_file(target, "drivers"))


def module_entries(root: Path, release: str, needed: Closure, work: Path, *, below: str = "lib") -> list[Entry]:
    """The entries of `below`/modules. `root`: of the kernel's tree; `work`: an empty folder, to last as they do."""
    source, tree = root / "lib/modules" / release, work / "lib/modules" / release
    tree.mkdir(parents=True)
    names = [copy_module(source, tree, name) for name in needed.files]
    for name in KEPT_LISTS:
        if (source / name).is_file():
            shutil.copyfile(source / name, tree / name)
    depmod(work, release)
    present = [name for name in _LISTS if (tree / name).is_file()]
    return [file(f"{below}/modules/{release}/{name}", tree / name) for name in names + present]
