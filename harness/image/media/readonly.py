"""Read-only root file systems, squashfs and EROFS, of a tree: owners and devices as they are in it, without root."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.image.cpio import Sink
from harness.image.entries import Entry
from harness.image.media.identity import uuid_of
from harness.image.media.tools import feed, program, run
from harness.image.rootfs import EPOCH
from harness.image.tarwriting import write_tar


def write_squashfs(entries: Sequence[Entry], path: Path, work: Path) -> None:
    """zstd, which kernels matched for squashfs have and Debian's too. `work`: a folder for what is made on the way."""
    del work
    words = ["-comp", "zstd", "-quiet", "-no-progress", "-root-mode", "0755"]
    feed([program("sqfstar"), *words, str(path)], lambda out: write_tar(_plain(entries), out))


def write_erofs(entries: Sequence[Entry], path: Path, work: Path) -> None:
    """LZ4, the one compression that every EROFS reads.

    mkfs.erofs takes a folder (an archive only since 1.7), so the tree is unpacked below a fakeroot, which remembers
    owners and devices that only root could make.
    """
    tree, state = work / "tree", work / "state"
    tree.mkdir()
    tree.chmod(0o755)  # the root's own mode, whatever the umask
    state.touch()
    fakeroot = program("fakeroot")
    unpack = [
        program("tar"),
        "--extract",
        "--file=-",
        f"--directory={tree.name}",
        "--preserve-permissions",
        "--same-owner",
    ]
    xattrs = ["--numeric-owner", "--xattrs", "--xattrs-include=*"]
    digest = hashlib.sha256()
    feed(
        [fakeroot, "-s", state.name, "--", *unpack, *xattrs],
        lambda out: write_tar(_plain(entries), _Hashed(out, digest.update)),
        cwd=work,  # fakeroot is a shell script, and splits the name of its file at spaces
    )
    # By its UUID one is told from others, so it is of all that is in it.
    words = ["-zlz4hc", f"-T{EPOCH}", f"-U{uuid_of('erofs', digest.hexdigest())}", "--quiet"]
    run("fakeroot", "-i", state.name, "--", program("mkfs.erofs"), *words, path, tree.name, cwd=work)


@dataclass(frozen=True, slots=True)
class _Hashed:
    """A sink that passes on what it hashes."""

    out: Sink
    update: Callable[[bytes], object]

    def write(self, data: bytes, /) -> None:
        self.update(data)
        self.out.write(data)


def _plain(entries: Sequence[Entry]) -> list[Entry]:
    """Paths as they lie in the tree, and not as they were written."""
    return [replace(entry, spelled="") for entry in entries if entry.path]
