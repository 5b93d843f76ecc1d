"""One entry of a file tree, and where trees come from: what every reader of images gives and every writer takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from harness.errors import HostError, InputError
from harness.words import Arch

CHUNK = 1 << 20
MAX_PATH = 4095  # PATH_MAX with its NUL
LABEL = "org.mobyproject.config"


class Kind(StrEnum):
    """What an entry is."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    CHARACTER = "character"
    BLOCK = "block"
    FIFO = "fifo"


class Content(Protocol):
    """The bytes of a file, read when they are wanted.

    `chunks` may be called any number of times and for contents in any order; the order in which a source gave its
    entries is the quick one. It gives `size` bytes in all or raises: HostError where they cannot be read, InputError
    where they are not what they should be.
    """

    @property
    def size(self) -> int: ...

    def chunks(self) -> Iterator[bytes]: ...

    def part(self, offset: int, size: int) -> Content:
        """`size` bytes of it from `offset` on, which lie inside: a file of an archive inside an image."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """Content in hand."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        yield self.data

    def part(self, offset: int, size: int) -> Bytes:
        return Bytes(self.data[offset : offset + size])


@dataclass(frozen=True, slots=True)
class Slice:
    """Content that lies in a file on disk: `size` bytes from `offset` on."""

    path: Path
    offset: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        left = self.size
        try:
            with self.path.open("rb", buffering=0) as stream:
                stream.seek(self.offset)
                while left and (block := stream.read(min(left, CHUNK))):
                    left -= len(block)
                    yield block
        except OSError as problem:
            raise HostError(f"{self.path} cannot be read: {problem.strerror}") from problem
        if left:
            raise HostError(f"{self.path} changed while it was read")

    def part(self, offset: int, size: int) -> Slice:
        return Slice(self.path, self.offset + offset, size)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree, by its path there (relative, `/` between, as `normalised` gives it).

    Only files have content; a symlink's `target` is for the guest to follow and may be anything, a hard link's is the
    normalised path of an earlier file of the same tree.
    """

    path: str
    kind: Kind
    mode: int  # permissions, 0 to 0o7777
    content: Content | None = None
    target: str = ""
    uid: int = 0
    gid: int = 0
    mtime: int = 0  # seconds since 1970
    device: tuple[int, int] = (0, 0)  # major, minor
    xattrs: tuple[tuple[str, bytes], ...] = ()  # sorted by name
    spelled: str = ""  # how the user wrote the path, where it differs: formats that keep names as written keep it

    @property
    def size(self) -> int:
        """Bytes of content; 0 for all but files."""
        return self.content.size if self.content is not None else 0


def file(path: str, data: bytes | Path, *, executable: bool = False) -> Entry:
    """An ordinary file: mode 0755 or 0644. Raises HostError where a file on disk cannot be looked at."""
    return Entry(path, Kind.FILE, 0o755 if executable else 0o644, content_of(data))


def content_of(data: bytes | Path) -> Content:
    """Bytes, or all of a file on disk as long as it is now."""
    if isinstance(data, bytes):
        return Bytes(data)
    try:
        return Slice(data, 0, data.stat().st_size)
    except OSError as problem:
        raise HostError(f"{data} cannot be read: {problem.strerror}") from problem


def folder(path: str, permissions: int = 0o755) -> Entry:
    """A folder."""
    return Entry(path, Kind.FOLDER, permissions)


def link(path: str, target: str) -> Entry:
    """A symbolic link; its target is for the guest to follow and may be anything the kernel takes."""
    return Entry(path, Kind.SYMLINK, 0o777, target=target)


def character(path: str, major: int, minor: int) -> Entry:
    """A character device, mode 0600."""
    return Entry(path, Kind.CHARACTER, 0o600, device=(major, minor))


def normalised(path: str) -> str:
    """A path as it stands in a tree: relative, without `.` and empty parts. Raises InputError where it escapes."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    text = "/".join(parts)
    if ".." in parts or not text or "\0" in text:
        raise InputError(f"{path!r} cannot be the name of an entry", hint="give a path inside, without '..'")
    if len(text.encode(errors="surrogateescape")) > MAX_PATH:
        raise InputError(f"{text[:60]!r}... is longer than {MAX_PATH} bytes, which the kernel refuses")
    return text


@dataclass(frozen=True, slots=True)
class ResolvedImage:
    """One image of one architecture, its digests checked; `tree` reads its layers, flattened."""

    ref: str  # as it was asked for
    digest: str  # of the manifest, `sha256:...`
    config: Mapping[
        str, Any
    ]  # the `config` of the image's configuration: Entrypoint, Cmd, Env, Labels, WorkingDir, ...
    tree: ImageTree

    @property
    def label(self) -> str | None:
        """What the image says of how it wants to be run (JSON or YAML text)."""
        found = (self.config.get("Labels") or {}).get(LABEL)
        return found if isinstance(found, str) else None

    def entries(self) -> Iterable[Entry]:
        """The root file system: folders before what they contain, hard links after their file, no path twice.

        The root itself, where the image says something of it, is a folder with the path "".
        """
        return self.tree.entries()


class ImageTree(Protocol):
    """What reads the layers of one image."""

    def entries(self) -> Iterable[Entry]: ...


class ImageSource(Protocol):
    """Where images are found by their reference."""

    def resolve(self, ref: str, arch: Arch) -> ResolvedImage:
        """The image of this reference for `arch`. InputError where there is none (naming every place asked) or where
        a blob is not what its digest says (naming the blob)."""

    def layout(self, ref: str, platforms: tuple[str, ...]) -> Iterable[Entry]:
        """The files of an OCI image layout with this image for these platforms (`linux/arm64`; none given: all)."""
