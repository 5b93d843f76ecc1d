"""The content-addressed store: every artefact lies under the hash of everything it was made from.

    root/<kind>/<key>/             an artefact, complete, never changed
    root/<kind>/<key>/.manifest    its files: hash, size, mtime, name; and a hash of the manifest itself
    root/<kind>/.<key>.tmp/        one in the making; renamed when it is complete and on disk
    root/<kind>/.<key>.lock        held (flock) by whoever makes it

A lock is `flock` and not a lock library: the libraries poll, flock waits in the kernel, counts threads as well as
processes (each `open` is its own holder) and falls when its holder dies, however it dies. So whoever holds the lock
of a key knows that any temporary folder of that key was left by the dead.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HostError

FORMAT = 1  # of the store's layout; part of every key
MANIFEST = ".manifest"
_KIND = re.compile(r"[a-z][a-z0-9-]{0,40}")
_MANY_FILES = 64  # above this, one syncfs is quicker than an fsync for each
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


Progress = Callable[[str], None]  # takes one line for people about what is being made


def silent(_text: str) -> None:
    """The progress of which nobody wants to hear."""


@dataclass(frozen=True, slots=True)
class Damage:
    """An artefact that is not what it was: `what` says how."""

    kind: str
    key: str
    what: str


@dataclass(frozen=True, slots=True)
class _Line:
    """One file of a manifest. `digest` is of the bytes, or of a symbolic link's target."""

    digest: str
    size: int
    mtime: int
    name: str


class Store:
    """A folder of artefacts. Threads and processes may share it.

    `root` defaults to $BOOTMATRIX_CACHE, then to the user's cache folder. Nothing is touched before the first use.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or default_root()).absolute()

    def path(self, kind: str, inputs: Mapping[str, Any]) -> Path:
        """Where the artefact of these inputs lies or would lie."""
        return self.root / _checked(kind) / key_of(kind, inputs)

    def get(
        self,
        kind: str,
        inputs: Mapping[str, Any],
        make: Callable[[Path], None],
        *,
        need: Collection[str] | None = None,
        room: int = 1 << 20,
    ) -> Path:
        """The folder of the artefact, made by `make(empty folder)` unless a sound one is there.

        `inputs`: everything the result depends on, JSON-able. `need`: look only at these files of it (large trees);
        all of them otherwise. `room`: bytes it will take at most, checked before it is made.
        Raises HostError where the store cannot be written or is full; whatever `make` raises passes through.
        Nothing half-made is ever left under its final name.
        """
        entry = self.path(kind, inputs)
        if self._damage(entry, need) is None:
            return entry
        with self.lock(kind, entry.name, room=room):
            # Another maker may have finished while we waited; and a file touched but not changed is sound.
            if self._damage(entry, need, repair=True) is None:
                return entry
            _remove(entry)
            self._clean(entry.parent, own=entry.name)
            free = shutil.disk_usage(self.root).free
            if free < room:
                raise _no_space(self.root, kind, room, free)
            temporary = entry.parent / f".{entry.name}.tmp"
            temporary.mkdir(mode=0o755)
            try:
                make(temporary)
                _write_manifest(temporary)
                temporary.rename(entry)
            except BaseException:
                _remove(temporary)
                raise
            _fsync(entry.parent)
        return entry

    @contextlib.contextmanager
    def lock(self, kind: str, name: str, *, room: int = 0) -> Iterator[None]:
        """Hold `name` of `kind` against every other thread and process; waits as long as it takes.

        Inside, a file system that is full or cannot be written raises HostError,
        which asks for `room` bytes.
        """
        folder = self.root / _checked(kind)
        with self._telling(kind, room):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(folder / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)

    def verify(self) -> list[Damage]:
        """Hash every file of every artefact (seconds for each GB) and say what is not as it was made."""
        damages: list[Damage] = []
        for kind in sorted(self.root.iterdir()) if self.root.is_dir() else []:
            if not kind.is_dir() or not _KIND.fullmatch(kind.name):
                continue
            entries = [entry for entry in sorted(kind.iterdir()) if re.fullmatch(r"[0-9a-f]{64}", entry.name)]
            damages += [
                Damage(kind.name, entry.name, what)
                for entry in entries
                if (what := self._damage(entry, None, full=True)) is not None
            ]
        return damages

    def sound(self, entry: Path) -> bool:
        """Whether all files of this artefact are as they were made: sizes and times, hashes where in doubt."""
        return self._damage(entry, None) is None

    def _damage(
        self, entry: Path, need: Collection[str] | None, *, repair: bool = False, full: bool = False
    ) -> str | None:
        """What is wrong with an artefact, or None. `repair`: note new mtimes of files whose bytes are unchanged."""
        try:
            lines = _read_manifest(entry, need)
        except FileNotFoundError:
            return "no manifest"
        except (OSError, ValueError) as problem:
            return f"manifest: {problem}"
        touched = False
        for line in lines:
            path = Path(f"{entry}/{line.name}")
            try:
                status = path.lstat()
                if status.st_size != line.size:
                    return f"{line.name}: {status.st_size} bytes instead of {line.size}"
                if full or status.st_mtime_ns != line.mtime:
                    if _digest(path) != line.digest:
                        return f"{line.name}: its bytes have changed"
                    touched = touched or status.st_mtime_ns != line.mtime
            except OSError as problem:
                return f"{line.name}: {problem.strerror}"
        if touched and repair:
            _write_manifest(entry)
        return None

    def _clean(self, folder: Path, own: str) -> None:
        """Remove what dead makers left behind, for any key of this kind whose lock is free."""
        for temporary in folder.glob(".*.tmp"):
            key = temporary.name[1:-4]
            if key == own:
                _remove(temporary)
                continue
            with contextlib.suppress(OSError):
                handle = os.open(folder / f".{key}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _remove(temporary)
                finally:
                    os.close(handle)

    @contextlib.contextmanager
    def _telling(self, kind: str, room: int) -> Iterator[None]:
        """Turn the file system's refusals into what the user can do about them."""
        try:
            yield
        except OSError as problem:
            if problem.errno in _NO_SPACE:
                raise _no_space(self.root, kind, room, None) from problem
            if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
                raise HostError(
                    f"the cache cannot be written: {problem.filename or self.root}: {problem.strerror}",
                    hint="make it writable or set BOOTMATRIX_CACHE to a folder that is",
                ) from problem
            raise


def default_root() -> Path:
    """$BOOTMATRIX_CACHE, or the user's cache folder."""
    chosen = os.environ.get("BOOTMATRIX_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return platformdirs.user_cache_path("bootmatrix")


def key_of(kind: str, inputs: Mapping[str, Any]) -> str:
    """The key: SHA-256 (64 hex digits) over the canonical JSON of kind, inputs and format."""
    text = json.dumps(
        {"format": FORMAT, "kind": kind, "inputs": inputs}, sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def no_space_left(problem: str, root: Path, kind: str, room: int) -> HostError | None:
    """The error to raise when a tool's message says that the disk is full; None when it says something else."""
    return _no_space(root, kind, room, None) if "No space left on device" in problem else None


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file under a temporary name beside it, bring it to disk, rename it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _checked(kind: str) -> str:
    if not _KIND.fullmatch(kind):
        raise ValueError(f"not the name of a kind: {kind!r}")
    return kind


def _no_space(root: Path, kind: str, room: int, free: int | None) -> HostError:
    wanted = f"{max(1, -(-room // (1 << 20)))} MiB"
    found = f" ({free >> 20} MiB free)" if free is not None else ""
    return HostError(
        f"no space left in {root} to make a {kind}{found}",
        hint=f"free {wanted} there or set BOOTMATRIX_CACHE to a folder that has it",
    )


def _digest(path: Path) -> str:
    if path.is_symlink():
        return hashlib.sha256(os.fsencode(path.readlink())).hexdigest()
    return sha256_file(path)


def _remove(path: Path) -> None:
    """Remove a folder, if it is there. Its manifest goes first, so that a half-removed one is never trusted."""
    (path / MANIFEST).unlink(missing_ok=True)
    if path.is_symlink() or path.is_file():
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)


def _files(folder: Path) -> list[str]:
    """The files and symbolic links below a folder, relative, sorted."""
    found = []
    for base, folders, names in os.walk(folder):
        here = Path(base)
        links = [name for name in folders if (here / name).is_symlink()]
        found += [str((here / name).relative_to(folder)) for name in names + links]
    return sorted(name for name in found if name != MANIFEST)


def _write_manifest(folder: Path) -> None:
    """Bring a tree to disk, then the list of its files. Only then may it get its final name."""
    names = _files(folder)
    text = ""
    for name in names:
        path = folder / name
        status = path.lstat()
        text += f"{_digest(path)} {status.st_size} {status.st_mtime_ns} {json.dumps(name)}\n"
    data = text.encode()
    if len(names) > _MANY_FILES and _syncfs(folder):
        names = []
    for name in names:
        if not (folder / name).is_symlink():
            _fsync(folder / name)
    for base, _, _ in os.walk(folder):
        _fsync(Path(base))
    write_atomically(folder / MANIFEST, hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    _fsync(folder)


def _read_manifest(folder: Path, need: Collection[str] | None) -> list[_Line]:
    with (folder / MANIFEST).open("rb") as stream:
        digest, _, data = stream.read().partition(b"\n")
    if hashlib.sha256(data).hexdigest().encode() != digest:
        raise ValueError("is damaged")
    if need is None:
        return [_parse(line) for line in data.splitlines()]
    lines = []
    for name in need:
        # Found by search, not by parsing: a kernel's modules are thousands of lines and this is the warm path.
        end = data.find(f" {json.dumps(name)}\n".encode())
        if end < 0:
            raise ValueError(f"has no {name}")
        start = data.rfind(b"\n", 0, end) + 1
        lines.append(_parse(data[start : data.find(b"\n", end)]))
    return lines


def _parse(line: bytes) -> _Line:
    digest, size, mtime, name = line.decode().split(" ", 3)
    return _Line(digest, int(size), int(mtime), json.loads(name))


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _syncfs(folder: Path) -> bool:
    """Bring the whole file system to disk; False where the C library cannot."""
    import ctypes

    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return bool(ctypes.CDLL(None, use_errno=True).syncfs(handle) == 0)
    except (AttributeError, OSError):
        return False
    finally:
        os.close(handle)
