"""What is done to an initrd: files put in, taken out or altered inside, and the archive itself damaged."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from harness.errors import Where
from harness.image import cpio
from harness.image.entries import Entry, Kind, content_of, file
from harness.kernel.inflate import Inflated, Plain, form_of
from tests.faults.corpus.fault import Scene, Way

_KINDS = {0o100000: Kind.FILE, 0o040000: Kind.FOLDER, 0o120000: Kind.SYMLINK, 0o020000: Kind.CHARACTER}
_EVERYTHING = 1 << 30

# Of an init that does one thing more: what every such script starts with.
BUSYBOX = """#!/bin/busybox sh
export PATH=/bin:/sbin
/bin/busybox mount -t devtmpfs devtmpfs /dev 2>/dev/null
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
"""


def no_initrd(scene: Scene) -> Scene:
    """None is handed over."""
    return replace(scene, foreign=True, has_initrd=False)


def init(script: str, **entry: object) -> Way:
    """Another /init: busybox with its file systems mounted, then this."""
    return program("init", (BUSYBOX + script).encode(), **entry)


def program(path: str, data: bytes, *, mode: int = 0o755) -> Way:
    """A file inside in the place of what is there."""
    return remade(lambda entries: [*_without(entries, path), replace(file(path, data), mode=mode)])


def vermagic(old: bytes, new: bytes) -> Way:
    """Modules that were built for another release, by what they say of themselves."""

    def change(one: Entry) -> Entry:
        if not one.path.endswith(".ko") or one.content is None:
            return one
        data = b"".join(one.content.chunks())
        return replace(one, content=content_of(data.replace(b"vermagic=" + old, b"vermagic=" + new)))

    return remade(lambda entries: [change(one) for one in entries])


def lacking(*paths: str) -> Way:
    """Files inside that are not there; a path stands for everything that it begins."""
    return remade(lambda entries: _without(entries, *paths))


def with_mode(path: str, mode: int) -> Way:
    """A file inside with other permissions."""
    return remade(lambda entries: [replace(one, mode=mode) if one.path == path else one for one in entries])


def cut(part: float, pack: Callable[[bytes], bytes] | None = None) -> Way:
    """Only its first bytes; `pack`: after it was packed anew."""

    def way(scene: Scene) -> Scene:
        data = pack(_plain(scene)) if pack else _packed(scene)
        return _handed_over(scene, data[: int(len(data) * part)])

    return way


def packed(pack: Callable[[bytes], bytes]) -> Way:
    """Packed in another form."""
    return lambda scene: _handed_over(scene, pack(_plain(scene)))


def bytes_instead(data: bytes) -> Way:
    """No archive at all."""
    return lambda scene: _handed_over(scene, data)


def damaged(at: float) -> Way:
    """A few bytes inside that are others."""

    def way(scene: Scene) -> Scene:
        data = bytearray(gzip.compress(_plain(scene), 6, mtime=0))
        place = int(len(data) * at)
        data[place : place + 64] = bytes(byte ^ 0xFF for byte in data[place : place + 64])
        return _handed_over(scene, bytes(data))

    return way


def filled(mebibytes: int) -> Way:
    """A file of incompressible bytes besides, of so many MiB."""
    return remade(lambda entries: [*entries, file("ballast", os.urandom(mebibytes << 20))])


def gzipped(data: bytes) -> bytes:
    """The form that every kernel here unpacks."""
    return gzip.compress(data, 1, mtime=0)


def xz_of_the_wrong_check(data: bytes) -> bytes:
    """With the check SHA-256, which the kernel's xz does not have."""
    return lzma.compress(data, check=lzma.CHECK_SHA256, preset=0)


def bzipped(data: bytes) -> bytes:
    """bzip2."""
    return bz2.compress(data, 1)


def _handed_over(scene: Scene, data: bytes) -> Scene:
    path = scene.folder / "initrd"
    path.write_bytes(data)
    return replace(scene, foreign=True, initrd=path)


def remade(change: Callable[[list[Entry]], list[Entry]]) -> Way:
    """Its entries are others."""

    def way(scene: Scene) -> Scene:
        out = io.BytesIO()
        cpio.write(change(list(_entries(_plain(scene)))), out)
        return _handed_over(scene, gzipped(out.getvalue()))

    return way


def _without(entries: list[Entry], *paths: str) -> list[Entry]:
    return [one for one in entries if not any(one.path == path or one.path.startswith(f"{path}/") for path in paths)]


def _path(scene: Scene) -> Path:
    path = scene.initrd or scene.files.initrd
    assert path
    return path


def _packed(scene: Scene) -> bytes:
    return _path(scene).read_bytes()


def _plain(scene: Scene) -> bytes:
    """The archives inside, unpacked, one behind the other."""
    data = _packed(scene)
    stream: BinaryIO = io.BytesIO(data)
    unpacked = b""
    while head := stream.read(6):
        place = stream.tell() - len(head)
        form = form_of(head)
        stream.seek(place)
        if form is None:
            return unpacked + stream.read()
        source = Plain(stream)
        unpacked += Inflated(source, form, Where(_path(scene))).read(_EVERYTHING)
        stream = io.BytesIO(source.read(_EVERYTHING).lstrip(b"\0"))
    return unpacked


def _entries(archive: bytes) -> Iterator[Entry]:
    """The entries of newc archives, the last of a name."""
    found: dict[str, Entry] = {}
    at = 0
    while archive[at : at + 6] == b"070701":
        mode, size, length = (int(archive[at + place : at + place + 8], 16) for place in (14, 54, 94))
        major, minor = (int(archive[at + place : at + place + 8], 16) for place in (78, 86))
        name = archive[at + 110 : at + 109 + length].decode()
        start = at + 110 + length + -(110 + length) % 4
        data = archive[start : start + size]
        at = start + size + -size % 4
        if name == cpio.TRAILER:
            at += len(archive[at:]) - len(archive[at:].lstrip(b"\0"))
            continue
        kind = _KINDS[mode & 0o170000]
        found[name] = Entry(
            name,
            kind,
            mode & 0o7777,
            content_of(data) if kind is Kind.FILE else None,
            data.decode() if kind is Kind.SYMLINK else "",
            device=(major, minor),
        )
    yield from found.values()
