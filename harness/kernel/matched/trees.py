"""Build folders that stay warm: where make works out of tree, one caller at a time.

    <store>/build/<place>-<arch>-<slot>/    make's O=

A tree is no artefact: make itself knows what of it is out of date, so an interrupted build goes on and a changed symbol
rebuilds what depends on it. A compiler that has been replaced, or another source, starts the tree anew.

A new tree begins as a copy of one that has been built for the same architecture: make then compiles what the other
configuration touches, and no more. ccache costs a first build a third of its time and saves later ones less than
that, so it is for those who want it (BOOTMATRIX_CCACHE=1), such as a bisection over many revisions.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.kernel.matched.source import SourceTree
from harness.kernel.matched.toolchain import Toolchain
from harness.store import Store, write_atomically

_MADE_WITH = ".made-with"
_COMPLETE = ".complete"  # a build has ended well in it


@dataclass(frozen=True, slots=True)
class BuildTree:
    """A folder to build in, held by us."""

    path: Path
    source: SourceTree
    toolchain: Toolchain

    def completed(self) -> None:
        """Say that everything in it has been built: it may be the beginning of others."""
        (self.path / _COMPLETE).touch()

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
        made_with = hashlib.sha256(f"{source.path}\0{toolchain.identity}\0{toolchain.cached}".encode()).hexdigest()
        if _made_with(path) != made_with:
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
            if seed := _seed(path, f"{source.place[:16]}-{toolchain.arch.arch}-", made_with):
                # Whoever builds in the seed holds it, and has taken its mark away; nobody waits for an unmarked tree.
                with store.lock("build", seed.name):
                    if (seed / _COMPLETE).exists():
                        _copy(seed, path)
            write_atomically(path / _MADE_WITH, made_with.encode())
        (path / _COMPLETE).unlink(missing_ok=True)
        yield BuildTree(path, source, toolchain)


def _made_with(path: Path) -> str | None:
    try:
        return (path / _MADE_WITH).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _seed(path: Path, family: str, made_with: str) -> Path | None:
    """The complete tree of the family that was built last."""
    complete = [
        tree for tree in path.parent.glob(f"{family}*") if (tree / _COMPLETE).exists() and _made_with(tree) == made_with
    ]
    return max(complete, key=lambda tree: (tree / _COMPLETE).stat().st_mtime_ns, default=None)


def _copy(seed: Path, path: Path) -> None:
    """Copy a tree with its times, by which make goes."""
    temporary = path.with_name(f"{path.name}.copy")
    shutil.rmtree(temporary, ignore_errors=True)
    argv = ["cp", "--archive", "--reflink=auto", str(seed), str(temporary)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(temporary, ignore_errors=True)  # a build from nothing will do
        return
    path.rmdir()
    temporary.rename(path)
