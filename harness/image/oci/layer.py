"""A layer made ready to be read: unpacked once into the store, with an index of what is in it."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from harness.errors import InputError
from harness.image.entries import CHUNK
from harness.image.oci.blobs import Blobs
from harness.image.oci.media import LAYERS, Descriptor
from harness.image.oci.member import Layer, dump, load
from harness.image.oci.tarindex import members
from harness.kernel.inflate import form_of
from harness.store import Store

_VERSION = 2  # of what `members` finds and refuses; part of the key
_ARCHIVE, _INDEX = "layer.tar", "index.json"
# Deflate makes at most 1032 bytes of one, zstd some 30000. Layers of programs have a ratio of 2 to 6; a small one of
# nothing but zeros is harmless.
MAX_RATIO = 100
_ALWAYS = 64 << 20  # bytes that any layer may unpack to
MAX_LAYER = 16 << 30  # bytes


def unpacked(blob: Descriptor, diff_id: str, blobs: Blobs, store: Store) -> Layer:
    """The layer of this descriptor, from the store where it was read before; its bytes are hashed in any case.

    `diff_id`: what the image's configuration says is the digest of the unpacked archive.
    Raises InputError naming the blob where it is damaged, altered, a bomb, or has a member that is refused.
    """
    if blob.media not in LAYERS:
        raise InputError(f"layer {blob.digest} is {blob.media[:90]!r}, which is no file system")
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", diff_id):
        raise InputError(f"layer {blob.digest}: the image's configuration has no digest of what it unpacks to")
    made: list[bool] = []

    def make(folder: Path) -> None:
        try:
            _inflate(blob, diff_id, blobs, folder / _ARCHIVE)
            dump(list(members(folder / _ARCHIVE)), folder / _INDEX)
        except InputError as problem:
            if blob.digest in problem.what:
                raise
            raise InputError(f"layer {blob.digest}: {problem.what}", hint=problem.hint) from problem
        made.append(True)

    inputs = {"version": _VERSION, "blob": blob.digest, "diff_id": diff_id}
    room = min(blob.size * 6 + (1 << 20), MAX_LAYER)
    entry = store.get("oci-layer", inputs, make, need=(_ARCHIVE, _INDEX), room=room)
    if not made:
        blobs.check(blob)
    return Layer(blob.digest, entry / _ARCHIVE, list(load(entry / _INDEX)))


def _inflate(blob: Descriptor, diff_id: str, blobs: Blobs, into: Path) -> None:
    chunks = blobs.chunks(blob)
    digest, size, limit = hashlib.sha256(), 0, min(MAX_LAYER, max(_ALWAYS, blob.size * MAX_RATIO))
    with into.open("wb") as out:
        for block in _plain(chunks):
            size += len(block)
            if size > limit:
                raise InputError(
                    f"layer {blob.digest} unpacks to more than {limit} bytes, {MAX_RATIO} times its {blob.size}",
                    hint="no real layer does: it was made to fill the disk",
                )
            digest.update(block)
            out.write(block)
    for _ in chunks:  # to its end, where its own digest is compared
        pass
    if f"sha256:{digest.hexdigest()}" != diff_id:
        raise InputError(
            f"layer {blob.digest} unpacks to sha256:{digest.hexdigest()}, the image's configuration says {diff_id}"
        )


def _plain(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The unpacked bytes, in pieces of bounded size."""
    source = _Chunks(chunks)
    form = form_of(source.peek())
    stream: IO[bytes] | Any = source
    try:
        if form == "gzip":
            import gzip

            stream = gzip.GzipFile(fileobj=io.BufferedReader(source, CHUNK))
        elif form == "zstd":
            import zstandard

            # The window is the memory a frame may ask for: no writer of layers takes more than 8 MiB by default.
            decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27)
            stream = decoder.stream_reader(cast(IO[bytes], source), read_across_frames=True)
        while block := stream.read(CHUNK):
            yield block
    except InputError:
        raise
    except Exception as problem:  # each library has its own, and all of them mean damage
        raise InputError(f"is no sound {form} data: {str(problem)[:120]}") from problem


class _Chunks(io.RawIOBase):
    """An iterator of pieces as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._ready = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def peek(self) -> bytes:
        """The first bytes, which stay to be read."""
        if not self._ready:
            self._ready = memoryview(next(self._chunks, b""))
        return bytes(self._ready[:16])

    def readinto(self, into: Any) -> int:
        if not self._ready:
            self._ready = memoryview(next(self._chunks, b""))
        size = min(len(into), len(self._ready))
        into[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size
