"""All that preflight judges by, gathered beforehand: the checks themselves read no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from harness.image.contents import Contents
from harness.kernel.devicetree import DeviceTree
from harness.kernel.modules import name_of
from harness.kernel.symbols import Symbols
from harness.plan.target import Target
from harness.preflight.knowledge import Entry, Knowledge
from harness.words import Outcome

_NOTHING: Symbols = MappingProxyType({})


@dataclass(frozen=True)
class Facts:
    """One boot that is about to start."""

    target: Target
    knowledge: Knowledge
    config: Symbols | None  # None: the kernel does not tell
    config_certain: bool = True  # False: a .config that may have changed since the kernel was built
    release: str = ""  # empty: the kernel does not tell
    cmdline: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()  # QEMU's names of the devices that its command line adds
    onboard_nic: bool = False
    buses: tuple[str, ...] = ()  # of the disks that are put in
    initrd: Contents | None = None
    tree: DeviceTree | None = None  # None: the machine makes its own, or has none
    needs: tuple[str, ...] = ()  # features that the image asks of a kernel
    complaints: Mapping[str, str] = field(default_factory=dict)  # what is wrong with a file: by `kernel`, `initrd`
    ours: bool = True  # an image whose init tells of every disk and network card: a missing one fails the cell

    @property
    def symbols(self) -> Symbols:
        """The configuration, empty where there is none to know; checks on it do not run then."""
        return _NOTHING if self.config is None else self.config

    @cached_property
    def disks(self) -> tuple[Entry, ...]:
        """What is known of the devices that are disks, or that disks hang on."""
        return self._of_kind("disk", "controller", "drive")

    @cached_property
    def nics(self) -> tuple[Entry, ...]:
        """What is known of the devices that are network cards."""
        return self._of_kind("network card")

    @cached_property
    def bridged(self) -> bool:
        """Whether one of the devices stands behind the machine's PCI host bridge."""
        found = (self.knowledge.device(name, self.target.arch) for name in self.devices)
        return any(entry and "PCI" in entry.needs for entry in found)

    def _of_kind(self, *kinds: str) -> tuple[Entry, ...]:
        found = [self.knowledge.device(name, self.target.arch) for name in self.devices]
        return tuple(entry for entry in found if entry and any(kind in entry.what for kind in kinds))

    @property
    def has_initrd(self) -> bool:
        """One is handed over, if only a damaged one."""
        return self.initrd is not None or "initrd" in self.complaints

    @cached_property
    def modules(self) -> frozenset[str]:
        """Names of the modules inside the initrd."""
        return frozenset(name_of(file) for file in self.initrd.modules) if self.initrd else frozenset()

    @cached_property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        """The command line by key, up to the `--` behind which init's own words stand."""
        found: dict[str, tuple[str, ...]] = {}
        for word in self.cmdline:
            if word == "--":
                break
            key, _, value = word.partition("=")
            found[key] = (*found.get(key, ()), value)
        return MappingProxyType(found)

    def last(self, key: str) -> str | None:
        """The value that counts where a key stands more than once."""
        values = self.words.get(key)
        return values[-1] if values else None

    @property
    def when_silent(self) -> Outcome | None:
        """How a boot is judged whose console stays dead: a hang where firmware or an early console was heard before.

        None where that is not known.
        """
        if self.target.machine.firmware != "none" or any(entry.speaks for entry in self.machines):
            return Outcome.HANG
        heard = [self._early_console(value.partition(",")[0]) for value in self.words.get("earlycon", ())]
        if True in heard:
            return Outcome.HANG
        return None if None in heard else Outcome.NO_OUTPUT

    def _early_console(self, name: str) -> bool | None:
        """Whether the kernel has this early console; None for one that nobody knows of."""
        entry = self.knowledge.earlycons.get(name)
        if entry is None:
            return None
        return all(any(word in self.symbols for word in need.split(" | ")) for need in entry.needs)

    @cached_property
    def machines(self) -> tuple[Entry, ...]:
        """What is known of the target's machine type."""
        return self.knowledge.machines_of(self.target.machine.type, self.target.arch)
