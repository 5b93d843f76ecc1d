"""The store's own images: one OCI layout an architecture, `<store>/oci/<arch>`. It grows and is never half-written."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.errors import InputError
from harness.image.oci import media
from harness.image.oci.layout import OciLayout
from harness.image.oci.media import Descriptor
from harness.image.oci.write import write_index
from harness.store import Store
from harness.words import Arch


class Shelf:
    """The layout of one architecture. Processes may share it."""

    def __init__(self, store: Store, arch: Arch) -> None:
        self._store, self._arch = store, arch
        self.folder = store.root / "oci" / arch.value
        self.layout = OciLayout(self.folder, store, f"the component store for {arch.value}")

    def add(self, made: OciLayout, head: Descriptor, name: str) -> None:
        """Take over an image, every blob of it compared with its digest, and list it under `name` instead of what had
        that name. Raises InputError where a blob is not what it should be; then nothing changes."""
        with self._held():
            for blob in made.closure(head):
                take(made, blob, self.layout)
            listed = self.layout.index() if (self.folder / "index.json").is_file() else []
            kept = [one for one in listed if one.name != name]
            new = Descriptor(head.media, head.digest, head.size, name, head.platform)
            write_index(self.folder, sorted([*kept, new], key=lambda one: one.name))

    def has(self, name: str, digest: str) -> bool:
        """Whether this very image is listed under the name."""
        if not (self.folder / "index.json").is_file():
            return False
        return any((one.name, one.digest) == (name, digest) for one in self.layout.index())

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        with self._store.lock("oci", self._arch.value):
            yield


def take(made: OciLayout, blob: Descriptor, into: OciLayout) -> None:
    """Copy a blob into another layout, unless a sound one is there. Raises InputError for a damaged one."""
    if not sound(blob, into):
        # Not a hard link: whoever alters the folder it comes from must not alter ours.
        keep(blob, made.blobs.chunks(blob), into)


def sound(blob: Descriptor, layout: OciLayout) -> bool:
    """Whether the layout has this blob, unaltered."""
    with contextlib.suppress(InputError):
        layout.blobs.check(blob)
        return True
    return False


def keep(blob: Descriptor, chunks: Iterable[bytes], into: OciLayout) -> None:
    """Put a blob into a layout's folder, complete or not at all; `chunks` raise at their end if they are not it."""
    path = into.blobs.path(blob)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            for block in chunks:
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(0o644)
        Path(name).rename(path)
    finally:
        Path(name).unlink(missing_ok=True)


@contextlib.contextmanager
def scratch(store: Store) -> Iterator[Path]:
    """An empty folder on the store's file system, gone afterwards."""
    store.root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".oci-", dir=store.root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def only(made: OciLayout) -> Descriptor:
    """The one image of a layout made for it. Raises InputError for none or several."""
    found = made.index()
    if len(found) != 1 or found[0].media not in (*media.INDEXES, *media.MANIFESTS):
        raise InputError(f"{made} has {len(found)} images instead of one")
    return found[0]
