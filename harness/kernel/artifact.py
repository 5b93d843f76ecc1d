"""What the `build` rooms hand on of a kernel, wherever it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.kernel.symbols import read_symbols
from harness.words import Arch


@dataclass(frozen=True, slots=True)
class KernelArtifact:
    """A kernel ready to be loaded, with what belongs to it; what is not known is None."""

    image: Path  # what a boot loader or QEMU's -kernel takes
    release: str  # `uname -r`; empty where a user's file does not tell
    arch: Arch
    config: Path | None  # the .config it was built with
    modules: Path | None  # root of a tree with lib/modules/<release>, indexed by depmod
    system_map: Path | None
    dtbs: Path | None  # folder of device trees
    origin: str  # for people: "linux-image-6.1.0-40-arm64 6.1.153-1"
    key: str  # for keys of what is made from it: changes whenever the bytes do
    dtb: Path | None = None  # the target's device tree, where it was built along with the kernel
    matched: bool = False  # built for this target, and therefore fed by us alone

    def option(self, name: str) -> str | None:
        """The value of `CONFIG_<name>` ("y", "m", ...), None where it is not set or no config is known."""
        return read_symbols(self.config).get(name) if self.config else None
