"""Debian packages of any architecture as files: fetched, verified, kept in the store, unpacked without dpkg."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from harness.errors import HostError
from harness.kernel.aptroot import Answer, AptRoot
from harness.store import Progress, Store, sha256_file, silent
from harness.words import Arch

if TYPE_CHECKING:
    import tarfile


def resolve(package: str, arch: Arch, store: Store, progress: Progress = silent) -> Answer:
    """What a package name (a metapackage is followed) stands for. Touches the network the first time only."""
    return AptRoot(store, arch.debian, progress=progress).resolve(package)


def fetch(package: str, arch: Arch, store: Store, progress: Progress = silent) -> Path:
    """The .deb file of a package, in the store by its SHA-256. Raises HostError."""
    return fetch_answer(AptRoot(store, arch.debian, progress=progress), package)


def fetch_answer(apt: AptRoot, package: str) -> Path:
    """As `fetch`, from a given private apt."""
    try:
        return fetch_exact(apt, package, apt.resolve(package))
    except Superseded:
        return fetch_exact(apt, package, apt.resolve(package))


class Superseded(Exception):
    """The archive no longer has the version that was asked for; the package now has another answer.

    Not an error: the way out of a maker whose inputs have changed.
    """


def fetch_exact(apt: AptRoot, package: str, answer: Answer) -> Path:
    """The .deb of one answer. Raises Superseded when the archive has dropped it for a newer one, else HostError."""

    def download(folder: Path) -> None:
        try:
            apt.download(answer, folder)
        except HostError:
            # An archive drops a version when its successor is out: ask what the name stands for now.
            if apt.resolve(package, again=True) == answer:
                raise
            raise Superseded from None
        found = sha256_file(folder / "package.deb")
        if found != answer.sha256:
            raise HostError(f"{answer.package}: its SHA-256 is {found}, the signed index says {answer.sha256}")

    entry = apt.store.get("deb", {"sha256": answer.sha256}, download, room=answer.size + (64 << 20))
    return entry / "package.deb"


def unpack(deb: Path, into: Path, want: Callable[[str], str | None]) -> list[str]:
    """Unpack the wanted files of a .deb; returns their names below `into`, in the package's order.

    `want` gets a file's path in the package (`boot/vmlinuz-6.1`) and says where below `into` it goes, or None.
    Only files and relative symbolic links that stay inside are ever made: owners, devices and modes beyond the
    executable bit are dropped. Raises HostError for a damaged package or one that tries to escape.
    """
    import tarfile

    made: list[str] = []
    links: dict[str, str] = {}
    argv = ["dpkg-deb", "--fsys-tarfile", str(deb)]
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError as problem:
        raise HostError("this host has no dpkg-deb", hint="install the package dpkg") from problem
    with process:
        assert process.stdout is not None  # noqa: S101 -- for the type checker
        try:
            # Read as a stream and written by our own hands: older Pythons lack tarfile's extraction filters.
            with tarfile.open(fileobj=process.stdout, mode="r|", bufsize=1 << 20) as archive:
                for member in archive:
                    target = want(_inner(member.name, deb)) if not member.isdir() else None
                    if target is not None:
                        _place(archive, member, _inner(target, deb), into, links)
                        made.append(target)
            # Links come last: nothing is ever written through one.
            for name, to in links.items():
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                (into / name).symlink_to(to)
        except (tarfile.TarError, EOFError, FileExistsError, NotADirectoryError, IsADirectoryError) as problem:
            process.kill()
            raise HostError(f"{deb}: a damaged package: {problem}", hint="remove it and run again") from problem
        except BaseException:
            process.kill()
            raise
        # What is left of the stream is padding; dpkg-deb must not meet a closed pipe before it has checked the end.
        while process.stdout.read(1 << 20):
            pass
        said = process.stderr.read() if process.stderr else b""
    if process.returncode != 0:
        text = "".join(char for char in said.decode("utf-8", "replace") if char.isprintable())[:300]
        raise HostError(f"{deb}: a damaged package: {text}", hint="remove it and run again")
    return made


def _inner(name: str, deb: Path) -> str:
    """A member's name without `./`; refused when it points outside."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise HostError(f"{deb}: refuses to be unpacked: {name!r} points outside")
    return str(path)


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo, target: str, into: Path, links: dict[str, str]) -> None:
    path = into / target
    if member.issym():
        resolved = os.path.normpath(f"{PurePosixPath(target).parent}/{member.linkname}")
        if PurePosixPath(member.linkname).is_absolute() or resolved.split("/")[0] == "..":
            raise HostError(f"{member.name!r}: a link that points outside: {member.linkname!r}")
        links[target] = member.linkname
        return
    stream: IO[bytes] | None = archive.extractfile(member) if member.isreg() else None
    if stream is None:
        raise HostError(f"{member.name!r}: neither a file nor a symbolic link")
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o755 if member.mode & 0o100 else 0o644), "wb") as out:
        while block := stream.read(1 << 20):
            out.write(block)
