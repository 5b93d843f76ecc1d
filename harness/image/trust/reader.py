"""Reading a repository through a trusted root: what its keys have not signed is not there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InputError
from harness.image.entries import Entry, ResolvedImage
from harness.image.oci import media
from harness.image.oci.layout import Absent, OciLayout
from harness.image.oci.media import Descriptor
from harness.image.oci.reference import digest_in, full_name
from harness.image.oci.shelf import keep, sound
from harness.image.oci.write import write_index
from harness.image.trust.refusals import refusals
from harness.image.trust.repository import METADATA, target_of
from harness.plan.yamlfile import shown_path
from harness.store import Progress, Store, silent
from harness.words import Arch

if TYPE_CHECKING:
    from tuf.ngclient import FetcherInterface, Updater


class TrustedRepository:
    """A source of images. What was seen of a repository is remembered in the store, so that it cannot go back."""

    def __init__(self, where: str, root: Path, store: Store, progress: Progress = silent) -> None:
        """`where`: a folder or an http(s) URL; `root`: the file `N.root.json` that is believed."""
        self.name, self._root_file, self._progress = where, root, progress
        self._url = where.rstrip("/") if where.startswith(("http://", "https://")) else Path(where).resolve().as_uri()
        self._store = store
        self._key = hashlib.sha256(self._url.encode()).hexdigest()[:32]
        self._state = store.root / "tuf" / self._key
        self.kept = OciLayout(self._state / "images", store, f"the repository {where}")

    def __str__(self) -> str:
        return f"the repository {self.name}"

    def signed(self, ref: str, arch: Arch) -> Descriptor | None:
        """The manifest that is signed for this name; None where none is. Raises InputError or HostError as `refusals`
        has it: for an expired, older, altered or mixed repository, or one of other keys."""
        name = full_name(ref)
        wanted = digest_in(name)
        with refusals(str(self)):
            target = self._updater.get_targetinfo(target_of(arch, name.partition("@")[0]))
        if target is None or (wanted and target.hashes.get("sha256") != wanted.partition(":")[2]):
            return None
        kind = (target.custom or {}).get("mediaType", media.MANIFEST)
        head = media.descriptor(
            {"mediaType": kind, "digest": f"sha256:{target.hashes.get('sha256')}", "size": target.length},
            f"{self}: {target.path}",
        )
        if head.media not in media.MANIFESTS:
            raise InputError(f"{self}: {target.path} is {str(kind)[:90]!r}, which is no image")
        return Descriptor(head.media, head.digest, head.size, name, media.platform_of(arch))

    def resolve(self, ref: str, arch: Arch) -> ResolvedImage:
        """As `ImageSource.resolve`; Absent where the image is not signed."""
        return self.kept.image(full_name(ref), self._fetched(ref, arch))

    def layout(self, ref: str, platforms: tuple[str, ...]) -> Iterator[Entry]:
        """As `ImageSource.layout`; without platforms, of all that are signed."""
        wanted = [media.parse_platform(text) for text in platforms]
        takes = [arch for arch in Arch if any(one.takes(media.platform_of(arch)) for one in wanted) or not wanted]
        arches = [arch for arch in takes if wanted or self.signed(ref, arch)]
        if not arches:
            raise Absent(f"{self} has no image {full_name(ref)} signed")
        yield from self.kept.of_heads(ref, [self._fetched(ref, arch) for arch in arches])

    def names(self) -> list[tuple[str, str]]:
        """Every target that is signed, and the digest of its manifest; sorted."""
        from tuf.api.metadata import Metadata, Targets

        with refusals(str(self)):
            _ = self._updater
            # The updater keeps here what it has checked.
            found: Metadata[Targets] = Metadata.from_file(str(self._state / METADATA / "targets.json"))
        return sorted((path, f"sha256:{one.hashes.get('sha256')}") for path, one in found.signed.targets.items())

    @cached_property
    def _updater(self) -> Updater:
        """The client of this process, refreshed."""
        from tuf.api.exceptions import RepositoryError
        from tuf.ngclient import Updater

        try:
            root = self._root_file.read_bytes()
        except OSError as problem:
            raise InputError(
                f"the trusted root {shown_path(self._root_file)} cannot be read: {problem.strerror}",
                hint="it is metadata/1.root.json of the repository, got by a way that you trust",
            ) from problem
        folder = self._state / METADATA
        with self._store.lock("tuf", self._key), refusals(str(self)):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                made = Updater(str(folder), f"{self._url}/{METADATA}/", fetcher=self._fetcher, bootstrap=root)
            except RepositoryError as problem:
                raise InputError(f"{shown_path(self._root_file)} is no root of a repository: {problem}") from problem
            made.refresh()
        return made

    @cached_property
    def _fetcher(self) -> FetcherInterface:
        from harness.image.trust.fetch import fetcher_of

        return fetcher_of(self._url)

    def _fetched(self, ref: str, arch: Arch) -> Descriptor:
        """The signed manifest, its blobs in our layout."""
        head = self.signed(ref, arch)
        if head is None:
            raise Absent(f"{self} has no image {full_name(ref)} signed for {arch}")
        with self._store.lock("tuf", self._key):
            if not self.kept.blobs.has(head):
                self._progress(f"fetching {ref} from {self.name}")
            self._fetch(head, ref)
            what = f"manifest {head.digest}"
            manifest = media.document(self.kept.blobs.document(head, "manifest"), what)
            config = media.descriptor(manifest.get("config"), f"{what}: config")
            for blob in [config, *media.descriptors(manifest, "layers", what)]:
                self._fetch(blob, ref)
            listed = self.kept.index() if (self.kept.folder / "index.json").is_file() else []
            others = [one for one in listed if (one.name, one.platform) != (head.name, head.platform)]
            write_index(self.kept.folder, sorted([*others, head], key=lambda one: (one.name, str(one.platform))))
        return head

    def _fetch(self, blob: Descriptor, ref: str) -> None:
        if not sound(blob, self.kept):
            with refusals(str(self)):
                keep(blob, self._chunks(blob, ref), self.kept)

    def _chunks(self, blob: Descriptor, ref: str) -> Iterator[bytes]:
        """A blob as it comes; no more than its bytes are taken, and at the end they are what its digest says."""
        digest, size = hashlib.sha256(), 0
        for block in self._fetcher.fetch(f"{self._url}/blobs/sha256/{blob.hex}"):
            size += len(block)
            if size > blob.size:
                break
            digest.update(block)
            yield block
        if size != blob.size or digest.hexdigest() != blob.hex:
            has = f"more than {blob.size} bytes" if size > blob.size else f"the digest sha256:{digest.hexdigest()}"
            raise InputError(
                f"image {ref}: blob {blob.digest} in {self} is damaged or was altered: it has {has}",
                hint="have it published again; the signed one is taken, or none",
            )
