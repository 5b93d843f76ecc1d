"""Build folders that stay warm: where make works out of tree, one caller at a time.

    <store>/build/<place>-<arch>-<use>/    make's O=

A tree is no artefact: make itself knows what of it is out of date, so an interrupted build goes on and a changed symbol
rebuilds what depends on it. A compiler that has been replaced, or another source, starts the tree anew.

All targets of an architecture share one tree: make compiles what differs from the configuration before, and no more.
Kernels with modules have one of their own, for CONFIG_MODULES is in nearly every object: taking turns in one tree, the
two kinds would be compiled whole each time. A tree for each target, begun as a copy, was tried: objtool is built by its
absolute path, and whatever it has checked is compiled again after it. ccache costs a first build a third of its time,
so it is for those who want it (BOOTMATRIX_CCACHE=1), such as a bisection over many revisions.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.kernel.matched.source import SourceTree
from harness.kernel.matched.toolchain import Toolchain
from harness.kernel.symbols import Symbols
from harness.store import Store, write_atomically

_MADE_WITH = ".made-with"
KCONFIG = "kconfig"  # apart, since working out a configuration writes one into the tree


def objects_of(symbols: Symbols) -> str:
    """The use of the tree that a kernel with these symbols is compiled in."""
    return "objects-modular" if symbols.get("MODULES") == "y" else "objects"


@dataclass(frozen=True, slots=True)
class BuildTree:
    """A folder to build in, held by us."""

    path: Path
    source: SourceTree
    toolchain: Toolchain

    def make(self, *words: str) -> list[str]:
        """The command line of make for this tree."""
        return ["make", f"--directory={self.source.path}", f"O={self.path}", *self.toolchain.arguments, *words]

    def environment(self, store: Store) -> dict[str, str]:
        """make's environment: nothing of the caller's that could change a byte of the result."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "MAKEFLAGS")}
        return {
            **kept,
            "LC_ALL": "C",
            "KBUILD_BUILD_TIMESTAMP": "Thu Jan  1 00:00:00 UTC 2026",
            "KBUILD_BUILD_USER": "bootmatrix",
            "KBUILD_BUILD_HOST": "bootmatrix",
            "KBUILD_BUILD_VERSION": "1",
            # Relative paths below the tree let builds in different folders share what they compile.
            "CCACHE_DIR": str(store.root / "ccache"),
            "CCACHE_BASEDIR": str(self.path),
            "CCACHE_NOHASHDIR": "1",
            "CCACHE_MAXSIZE": "4G",
        }


@contextlib.contextmanager
def build_tree(source: SourceTree, toolchain: Toolchain, use: str, store: Store) -> Iterator[BuildTree]:
    """Hold the tree of an architecture for a use (`objects_of` or KCONFIG); waits for whoever has it."""
    name = f"{source.place[:16]}-{toolchain.arch.arch}-{use}"
    with store.lock("build", name, room=1 << 30):
        path = store.root / "build" / name
        made_with = hashlib.sha256(f"{source.path}\0{toolchain.identity}\0{toolchain.cached}".encode()).hexdigest()
        if _made_with(path) != made_with:
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
            write_atomically(path / _MADE_WITH, made_with.encode())
        yield BuildTree(path, source, toolchain)


def _made_with(path: Path) -> str | None:
    try:
        return (path / _MADE_WITH).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
