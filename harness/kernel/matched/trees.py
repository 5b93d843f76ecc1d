"""Build folders that stay warm: where make works out of tree, one caller at a time.

    <store>/build/<place>-<arch>-<slot>/    make's O=

A tree is no artefact: make itself knows what of it is out of date, so an interrupted build goes on and a changed symbol
rebuilds what depends on it. A compiler that has been replaced, or another source, starts the tree anew.
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
from harness.store import Store, write_atomically

_MADE_WITH = ".made-with"


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
def build_tree(source: SourceTree, toolchain: Toolchain, slot: str, store: Store) -> Iterator[BuildTree]:
    """Hold the tree of a slot (a target's name, or what it is for); waits for whoever has it."""
    name = f"{source.place[:16]}-{toolchain.arch.arch}-{slot}"
    with store.lock("build", name, room=1 << 30):
        path = store.root / "build" / name
        made_with = hashlib.sha256(f"{source.path}\0{toolchain.identity}".encode()).hexdigest()
        stamp = path / _MADE_WITH
        if path.exists() and (not stamp.is_file() or stamp.read_text(encoding="utf-8", errors="replace") != made_with):
            shutil.rmtree(path)
        path.mkdir(exist_ok=True)
        write_atomically(stamp, made_with.encode())
        yield BuildTree(path, source, toolchain)
