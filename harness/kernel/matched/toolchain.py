"""Compilers and the other tools that a kernel's build calls, on this host, for one architecture."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from harness.errors import HostError, InputError
from harness.plan.target import Model
from harness.plan.validate import validate
from harness.plan.yamlfile import load
from harness.words import Arch

_ARCHS = Path(__file__).with_name("archs.yml")
# What Debian calls the packages of the tools that every build needs.
_TOOLS = {"make": "make", "flex": "flex", "bison": "bison", "bc": "bc", "lz4": "lz4", "gcc": "gcc", "ld": "binutils"}


class KernelArch(Model):
    """An architecture as the kernel's build knows it: an entry of archs.yml."""

    arch: str = Field(description="make's ARCH=")
    folder: str | None = Field(None, description="its folder below arch/ where it is not ARCH")
    prefix: str = Field(description="CROSS_COMPILE on a host of another architecture")
    compiler: str = Field(description="Debian's package of that compiler")
    make: str = Field(description="what to make")
    image: str = Field(description="the image, in the build's folder")
    flags: str | None = Field(None, description="KCFLAGS: what the compiler is told besides")

    @property
    def srcarch(self) -> str:
        """The folder below arch/."""
        return self.folder or self.arch


class _KernelArchs(Model):
    archs: dict[Arch, KernelArch]


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What one architecture is built with. `identity` changes when another compiler or linker would be used."""

    arch: KernelArch
    cross: str
    cached: bool
    identity: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """make's variables. Rust and pahole are left out: whether a host has them must not change the result."""
        compiler = f"{'ccache ' if self.cached else ''}{self.cross}gcc"
        return (
            f"ARCH={self.arch.arch}",
            f"CROSS_COMPILE={self.cross}",
            f"CC={compiler}",
            "RUSTC=false",
            "BINDGEN=false",
            "PAHOLE=false",
            "LOCALVERSION=",
            *([f"KCFLAGS={self.arch.flags}"] if self.arch.flags else []),
        )


def toolchain(arch: Arch) -> Toolchain:
    """The tools for an architecture; through ccache where BOOTMATRIX_CCACHE is set.

    Raises HostError, with Debian's package, for what is missing.
    """
    cached = bool(os.environ.get("BOOTMATRIX_CCACHE"))
    return _toolchain(arch, cached)


@lru_cache(maxsize=32)
def _toolchain(arch: Arch, cached: bool) -> Toolchain:
    known = kernel_arch(arch)
    cross = "" if is_native(arch) else known.prefix
    for tool, package in (_TOOLS | ({"ccache": "ccache"} if cached else {})).items():
        if shutil.which(tool) is None:
            raise HostError(f"kernels cannot be built here: there is no {tool}", hint=f"install the package {package}")
    if shutil.which(f"{cross}gcc") is None:
        raise HostError(
            f"kernels for {arch} cannot be built here: there is no {cross}gcc",
            hint=f"install the package {known.compiler}",
        )
    identity = f"{_first_line(f'{cross}gcc', '--version')}; {_first_line(f'{cross}ld', '--version')}"
    return Toolchain(known, cross, cached, identity)


@lru_cache(maxsize=1)
def _archs() -> dict[Arch, KernelArch]:
    document = load(_ARCHS)
    return validate(_KernelArchs, {"archs": document.data}, document).archs


def kernel_arch(arch: Arch) -> KernelArch:
    """How the kernel's build names it. Raises InputError where nobody has said."""
    found = _archs().get(arch)
    if found is None:
        raise InputError(f"kernels for {arch} cannot be built yet", hint=f"add it to {_ARCHS.name}")
    return found


def is_native(arch: Arch) -> bool:
    """Whether this host's own compiler makes code for it."""
    machine = {"aarch64": "arm64", "armv7l": "armhf", "i686": "i386"}.get(platform.machine(), platform.machine())
    return machine == arch.value


def _first_line(tool: str, *words: str) -> str:
    done = subprocess.run(
        [tool, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise HostError(f"{tool} does not start: {done.stderr.strip()[:200]}")
    return done.stdout.partition("\n")[0]
