"""The blobs of one OCI layout folder: read by digest, and never believed before it is computed again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HostError, InputError
from harness.image.entries import CHUNK
from harness.image.oci.media import MAX_DOCUMENT, Descriptor


class Blobs:
    """`<folder>/blobs/sha256/<hex>`. What is wrong with a blob is an InputError naming it: folders are others' work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, blob: Descriptor) -> Path:
        """Where a blob lies or would lie."""
        return self.folder / "blobs" / "sha256" / blob.hex

    def has(self, blob: Descriptor) -> bool:
        """Whether there is one of that name; nothing is said of its bytes."""
        return self.path(blob).is_file()

    def chunks(self, blob: Descriptor) -> Iterator[bytes]:
        """Its bytes in order. Raises InputError, at the latest at the end, unless they are what the descriptor says.

        Whoever acts on the bytes before the end must be able to take it back.
        """
        path = self.path(blob)
        digest, left = hashlib.sha256(), blob.size
        try:
            with _opened(path) as handle:
                found = os.fstat(handle)
                if not stat.S_ISREG(found.st_mode):
                    raise InputError(f"blob {blob.digest} in {self.folder} is not a file")
                if found.st_size != blob.size:
                    raise InputError(
                        f"blob {blob.digest} in {self.folder} has {found.st_size} bytes instead of {blob.size}",
                        hint="copy the image again",
                    )
                while left and (block := os.read(handle, min(left, CHUNK))):
                    digest.update(block)
                    left -= len(block)
                    yield block
        except FileNotFoundError as problem:
            raise InputError(
                f"blob {blob.digest} is missing in {self.folder}", hint="copy the whole image there"
            ) from problem
        except OSError as problem:
            raise HostError(f"{path} cannot be read: {problem.strerror}") from problem
        if left or digest.hexdigest() != blob.hex:
            raise InputError(
                f"blob {blob.digest} in {self.folder} is damaged or was altered: its bytes have the digest "
                f"sha256:{digest.hexdigest()}",
                hint="copy the image again from where you trust it",
            )

    def check(self, blob: Descriptor) -> None:
        """Read it to the end."""
        for _ in self.chunks(blob):
            pass

    def document(self, blob: Descriptor, what: str) -> bytes:
        """All of a small blob."""
        if blob.size > MAX_DOCUMENT:
            raise InputError(f"{what} {blob.digest} has {blob.size} bytes, more than {MAX_DOCUMENT}")
        return b"".join(self.chunks(blob))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A file to be read, by its handle; a pipe under the blob's name is not waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        yield handle
    finally:
        os.close(handle)
