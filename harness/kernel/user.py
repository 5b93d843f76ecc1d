"""A kernel file of the user's: what it is, and whether it fits, before anything is started."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.errors import HostError, InputError, Where
from harness.kernel.artifact import KernelArtifact
from harness.kernel.extent import extent
from harness.kernel.ikconfig import embedded_config
from harness.kernel.magic import HEAD, kind_of, other
from harness.store import Store
from harness.words import Arch

_READER = 2  # of embedded_config: what one that knew fewer forms did not find is looked for again
# armel and armhf differ in user space; a 32-bit Arm kernel's header is the same for both.
_HEADER_SAYS = {Arch.ARMEL: Arch.ARMHF}


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
    if kind.arch is not _HEADER_SAYS.get(arch, arch):
        raise InputError(
            f"is a kernel for {kind.architecture} ({kind.name}), the target is {arch}", where=Where(str(path))
        )
    if status.st_size < extent(head):
        raise InputError(
            f"is a kernel that was cut short: it has {status.st_size} bytes, and by its header {extent(head)}",
            where=Where(str(path)),
            hint="make or fetch the file again",
        )
    return _artifact(path, arch, status, kind.release, kind.name)


def anything(path: Path, arch: Arch) -> KernelArtifact:
    """Whatever is in the file, handed to the machine as a kernel for this architecture, by somebody who insists.

    Raises InputError where it cannot be read.
    """
    _, status = head_of(path, "kernel", HEAD)
    return _artifact(path, arch, status, "", "unknown")


def _artifact(path: Path, arch: Arch, status: os.stat_result, release: str, name: str) -> KernelArtifact:
    identity = f"{path.absolute()}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}"
    return KernelArtifact(
        image=path.absolute(),
        release=release,
        arch=arch,
        config=None,
        modules=None,
        system_map=None,
        dtbs=None,
        origin=f"{path} ({name})",
        key=hashlib.sha256(os.fsencode(identity)).hexdigest(),
    )


def configured(kernel: KernelArtifact, store: Store) -> KernelArtifact:
    """A user's kernel with its configuration, if that can be found: inside the image, beside it, in its source tree.

    And with its System.map, if that is beside it.

    Raises HostError where the file went away or the store is full.
    """

    def make(folder: Path) -> None:
        try:
            text = embedded_config(kernel.image) or ""
        except OSError as problem:
            raise HostError(f"{kernel.image} cannot be read: {problem.strerror}") from problem
        (folder / "config").write_text(text, encoding="utf-8")

    kernel = replace(kernel, system_map=next(_found(kernel, "System.map"), None))
    inside = store.get("kernel-config", {"version": _READER, "kernel": kernel.key}, make) / "config"
    if inside.stat().st_size:
        return replace(kernel, config=inside)
    return replace(kernel, config=next(_beside(kernel), None))


def _beside(kernel: KernelArtifact) -> Iterator[Path]:
    """Configurations near a kernel that are its own by their names and, in a source tree, by the version they tell."""
    folder = kernel.image.parent
    yield from _found(kernel, "config")
    # arch/<arch>/boot/Image of a source tree, or its vmlinux.
    for root in (folder, *(folder.parents[2:3] if folder.name == "boot" else ())):
        path = root / ".config"
        if path.is_file() and _tells_version(path, kernel.release):
            yield path


def _found(kernel: KernelArtifact, what: str) -> Iterator[Path]:
    """`<what>-<release>` beside the image, the release being the kernel's own or that of its file's name."""
    releases = [kernel.release] if kernel.release else []
    if found := re.match(r"(?:vmlinu[xz]|bzImage|zImage|Image|kernel)-(.+)", kernel.image.name):
        releases.append(found[1])
    for release in releases:
        if "/" not in release and (path := kernel.image.parent / f"{what}-{release}").is_file():
            yield path


def _tells_version(config: Path, release: str) -> bool:
    """Whether a .config's head names the kernel's version; one that cannot be compared is as good as another's."""
    with config.open(encoding="utf-8", errors="replace") as lines:
        head = "".join(line for _, line in zip(range(5), lines, strict=False))
    version = re.search(r"^# Linux/\S+ (\d+\.\d+\S*) Kernel Configuration", head, re.MULTILINE)
    return bool(version and release.startswith(version[1]))


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
