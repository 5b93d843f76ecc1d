"""The outer machine of the two, built: a kernel with KVM, and an initrd with QEMU and an init that starts it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path, PurePosixPath

from harness.errors import HostError
from harness.image import cpio
from harness.image.assemble import MATCHED, cmdline_of
from harness.image.component.build import Components
from harness.image.entries import Bytes, Entry, character, file
from harness.image.moduletree import module_entries, modules_for
from harness.kernel.artifact import KernelArtifact
from harness.kernel.distro import distro_kernel
from harness.kernel.matched.kernel import matched_kernel
from harness.kernel.modules import Closure
from harness.kernel.tsc import host_tsc_khz
from harness.machine.nested.host import NestedHost
from harness.machine.nested.kvmamd import FILE, keeping_cr8_intercept
from harness.plan.target import Target
from harness.store import Progress, Store, silent

_VERSION = 2  # of what this file makes; part of the key
COMPONENT = "nested-host"
_MODULES = "etc/nested/modules"


def nested_host(target: Target, kernel: str, store: Store, progress: Progress = silent) -> NestedHost:
    """Made or found in the store. `target`: the outer machine. `kernel`: `matched`, or any other word for Debian's.

    Raises InputError and HostError as `assemble` does.
    """
    make = matched_kernel if kernel == MATCHED else distro_kernel
    artifact = make(target, store, progress)
    initrd = _initrd(target, artifact, store, progress)
    return NestedHost(target, artifact.image, initrd, cmdline_of(target, host_tsc_khz()), artifact.origin)


def _initrd(target: Target, kernel: KernelArtifact, store: Store, progress: Progress) -> Path:
    """Not packed: it would be unpacked under emulation, at each start."""
    image = Components(store, progress).resolve(COMPONENT, target.arch)
    root, needed = _modules(target, kernel)
    inputs = {"version": _VERSION, "image": image.digest, "modules": [kernel.key, list(target.drivers)]}

    def make(folder: Path) -> None:
        progress(f"packing the initrd of {target.name}")
        work = folder / "work"
        work.mkdir()
        nodes = [character("dev/console", 5, 1), *(replace(entry, mtime=0) for entry in image.entries() if entry.path)]
        nodes += map(_adapted, module_entries(root, kernel.release, needed, work / "modules"))
        nodes.append(file(_MODULES, f"{' '.join(needed.load)}\n".encode()))
        with (folder / "initrd").open("wb") as out:
            cpio.write(nodes, out)
        shutil.rmtree(work)

    return store.get("nested-host", inputs, make, room=512 << 20) / "initrd"


def _modules(target: Target, kernel: KernelArtifact) -> tuple[Path, Closure]:
    """The kernel's modules, and those that are needed; KVM, which is adapted, has to be among them."""
    if kernel.modules:
        needed = modules_for(target, kernel)
        if any(PurePosixPath(name).name.partition(".")[0] == PurePosixPath(FILE).stem for name in needed.files):
            return kernel.modules, needed
    raise HostError(
        f"{kernel.origin} has no {FILE}, without which UEFI cannot run in a machine of it",
        hint="say CONFIG_KVM_AMD=m where the kernel's configuration asks for it",
    )


def _adapted(module: Entry) -> Entry:
    """As it is in the outer machine, where what is below lib is below usr/lib."""
    there = replace(module, path=f"usr/{module.path}")
    if not (there.path.endswith(f"/{FILE}") and there.content):
        return there
    return replace(there, content=Bytes(keeping_cr8_intercept(b"".join(there.content.chunks()))))
