"""A kernel file of the user's: what it is, and whether it fits, before anything is started."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from harness.errors import InputError, Where
from harness.kernel.artifact import KernelArtifact
from harness.kernel.magic import HEAD, kind_of, other
from harness.words import Arch


def user_kernel(path: Path, arch: Arch) -> KernelArtifact:
    """The kernel in a file of the user's. Raises InputError where it is none, or one for another architecture.

    Its key follows path, size, mtime and inode: a file may be large and is not the store's to keep.
    """
    head, status = head_of(path, "kernel", HEAD)
    kind = kind_of(head)
    if kind is None:
        guess = other(head)
        raise InputError(
            f"not a kernel{f' but {guess}' if guess else ''}",
            where=Where(str(path)),
            hint=None if guess else "a bzImage, Image, zImage, EFI or ELF kernel is wanted",
        )
    if kind.arch is not arch:
        raise InputError(
            f"is a kernel for {kind.architecture} ({kind.name}), the target is {arch}", where=Where(str(path))
        )
    identity = f"{path.absolute()}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}"
    return KernelArtifact(
        image=path.absolute(),
        release=kind.release,
        arch=arch,
        config=None,
        modules=None,
        system_map=None,
        dtbs=None,
        origin=f"{path} ({kind.name})",
        key=hashlib.sha256(os.fsencode(identity)).hexdigest(),
    )


def head_of(path: Path, what: str, size: int) -> tuple[bytes, os.stat_result]:
    """The first bytes of an ordinary, readable, non-empty file of the user's. Raises InputError."""
    where = Where(str(path))
    try:
        # Opened before it is looked at, and without waiting, so that a FIFO put there cannot hold us.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(handle)
            if stat.S_ISDIR(status.st_mode):
                raise InputError(f"is a folder, a {what} file is wanted", where=where)
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"is not an ordinary file, a {what} file is wanted", where=where)
            if status.st_size == 0:
                raise InputError(f"is empty (0 bytes), a {what} file is wanted", where=where)
            with open(handle, "rb", closefd=False) as stream:
                return stream.read(size), status
        finally:
            os.close(handle)
    except FileNotFoundError as problem:
        raise InputError(f"there is no such {what} file", where=where, hint="check the path") from problem
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise InputError(f"the {what} file cannot be read: {reason}", where=where) from problem
