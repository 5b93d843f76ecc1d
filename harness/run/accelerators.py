"""The accelerator of each architecture, found once a run while the kernels are still being built."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.errors import HostError, InputError
from harness.machine.accel.probe import Accelerator, probe
from harness.machine.nested.host import NestedHost
from harness.machine.qemu.binary import QemuBinary, find_qemu
from harness.plan.catalog import Catalog
from harness.plan.matrix import KernelKind
from harness.plan.target import Target
from harness.store import Store
from harness.words import Arch


@dataclass(frozen=True, slots=True)
class Emulator:
    """A QEMU binary, and how it runs the guest's code on this host; `host` is the outer machine of a nested one."""

    binary: QemuBinary
    accelerator: Accelerator
    host: NestedHost | None = None


class Emulators:
    """Emulators by architecture, and outer machines by their kernel.

    Each is looked for or made once; whoever asks meanwhile waits for the same answer.
    """

    def __init__(self, store: Store, note: Callable[[str], None]) -> None:
        """`note` is told of every choice of an accelerator: it is never silent."""
        self._store = store
        self._note = note
        self._found: dict[Arch, asyncio.Task[Emulator]] = {}
        self._nested: dict[tuple[Arch, KernelKind], asyncio.Task[Emulator]] = {}

    async def of(self, target: Target, kernel: str) -> Emulator:
        """The emulator for a target with a kernel of that word: an outer machine has one of the same kind.

        Raises HostError: QEMU is missing, too old, or does not run, or a target asks for KVM that cannot be had.
        """
        found = await self._of_arch(target.arch)
        if target.machine.accelerator != "kvm" or found.accelerator.name == "kvm":
            return found
        kind: KernelKind = "matched" if kernel == "matched" else "distro"  # a file of the user's says nothing here
        key = (target.arch, kind)
        if key not in self._nested:
            self._nested[key] = asyncio.create_task(asyncio.to_thread(self._nest, found, *key))
        return await asyncio.shield(self._nested[key])

    async def _of_arch(self, arch: Arch) -> Emulator:
        if arch not in self._found:
            self._found[arch] = asyncio.create_task(asyncio.to_thread(self._find, arch))
        return await asyncio.shield(self._found[arch])

    def _find(self, arch: Arch) -> Emulator:
        binary = find_qemu(arch, self._store.root)
        accelerator = probe(arch, binary.path, self._store.root)
        self._note(f"{arch}: {accelerator.name} ({accelerator.reason})")
        return Emulator(binary, accelerator)

    def _nest(self, outer: Emulator, arch: Arch, kernel: KernelKind) -> Emulator:
        from harness.machine.nested.build import nested_host  # with all that builds images

        try:
            target = Catalog().host_of_nested(arch)
        except InputError:
            raise HostError(
                f"this machine needs KVM, which this host has not ({outer.accelerator.reason}), and no machine of "
                f"{arch} is known that could emulate it",
                hint="run it on a host with KVM",
            ) from None
        host = nested_host(target, kernel, self._store, self._note)
        reason = f"KVM of {host.origin} in a {target.machine.cpu} that is emulated; {outer.accelerator.reason}"
        self._note(f"{arch}: nested ({reason}), for machines that need KVM")
        return replace(outer, accelerator=Accelerator("nested", reason, outer.accelerator.facts), host=host)

    def found(self) -> dict[Arch, Emulator]:
        """What was found so far."""
        return {
            arch: task.result()
            for arch, task in self._found.items()
            if task.done() and not task.cancelled() and task.exception() is None
        }
