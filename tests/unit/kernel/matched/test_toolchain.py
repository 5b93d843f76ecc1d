"""Compilers that are missing are named with the package that has them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.errors import HostError, InputError
from harness.kernel.matched import toolchain as room
from harness.kernel.matched.toolchain import is_native, kernel_arch, toolchain
from harness.words import Arch

TOOLS = ("make", "gcc", "ld", "flex", "bison", "bc", "lz4")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of our own, with every native tool in it."""
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"{tool} is missing here"
        (tmp_path / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BOOTMATRIX_CCACHE", raising=False)
    room._toolchain.cache_clear()
    return tmp_path


@pytest.mark.parametrize("tool", TOOLS)
def test_a_missing_tool(path: Path, tool: str) -> None:
    (path / tool).unlink()
    package = {"ld": "binutils"}.get(tool, tool)
    with pytest.raises(HostError, match=f"there is no {tool}; install the package {package}"):
        toolchain(Arch.X86_64)


def test_a_missing_cross_compiler(path: Path) -> None:
    foreign = next(arch for arch in (Arch.RISCV64, Arch.S390X) if not is_native(arch))
    with pytest.raises(HostError) as caught:
        toolchain(foreign)
    known = kernel_arch(foreign)
    assert f"there is no {known.prefix}gcc; install the package {known.compiler}" in str(caught.value)


def test_ccache_only_where_asked_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native = next(arch for arch in Arch if is_native(arch))
    assert "CC=gcc" in toolchain(native).arguments
    monkeypatch.setenv("BOOTMATRIX_CCACHE", "1")
    with pytest.raises(HostError, match="install the package ccache"):
        toolchain(native)


def test_an_architecture_that_nobody_has_described() -> None:
    with pytest.raises(InputError, match=r"cannot be built yet; add it to archs\.yml"):
        kernel_arch(Arch.ARMEL)
