"""An OCI image layout folder as a source of images: found by name and platform, nothing in it believed unchecked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HostError, InputError
from harness.image.entries import Bytes, Entry, Kind, ResolvedImage, folder
from harness.image.oci import media
from harness.image.oci.blobs import Blobs
from harness.image.oci.content import Checked
from harness.image.oci.flatten import flatten
from harness.image.oci.layer import unpacked
from harness.image.oci.media import Descriptor, Platform
from harness.image.oci.member import Layer
from harness.image.oci.reference import digest_in, full_name
from harness.store import Store
from harness.words import Arch

VERSION = b'{"imageLayoutVersion":"1.0.0"}'
_MAX_DEPTH = 4  # indexes within indexes
_MAX_MANIFESTS = 1000  # of one name


class Absent(InputError):
    """This place has no image of that name: another may."""


@dataclass(frozen=True, slots=True)
class Layers:
    """The tree of an image."""

    layers: Sequence[Layer]

    def entries(self) -> Iterable[Entry]:
        return flatten(self.layers)


class OciLayout:
    """Images of a layout folder of anybody's; it is only read. `store` keeps the layers unpacked.

    The index is read at each question: another process may have added to it.
    """

    def __init__(self, where: Path, store: Store, name: str | None = None) -> None:
        self.folder, self.store = where, store
        self.blobs = Blobs(where)
        self.name = name or f"the OCI layout {where}"

    def __str__(self) -> str:
        return self.name

    def resolve(self, ref: str, arch: Arch) -> ResolvedImage:
        """As `ImageSource.resolve`; Absent where nothing has that name."""
        return self.image(ref, self.manifest(ref, media.platform_of(arch)))

    def has(self, ref: str) -> bool:
        """Whether something is listed under this name; a folder that is no layout has nothing."""
        if not (self.folder / "index.json").is_file():
            return False
        try:
            return bool(self._named(ref))
        except Absent:
            return False

    def manifest(self, ref: str, platform: Platform) -> Descriptor:
        """The manifest of a name for a platform. Raises Absent, or InputError naming the platforms there are."""
        found = list(self._manifests(self._named(ref), 0))
        fitting = [blob for blob in found if blob.platform and platform.takes(blob.platform)]
        if not fitting:
            have = sorted({str(blob.platform) for blob in found if blob.platform})
            raise InputError(
                f"the image {ref} in {self} is not for {platform}, but for {', '.join(have) or 'nothing'}",
                hint="choose another image or another architecture",
            )
        exact = [blob for blob in fitting if blob.platform == platform]
        return (exact or fitting)[0]

    def image(self, ref: str, blob: Descriptor) -> ResolvedImage:
        """The image of a manifest, all its blobs read and compared with their digests. Raises InputError."""
        with _about(ref):
            what = f"manifest {blob.digest}"
            manifest = media.document(self.blobs.document(blob, "manifest"), what)
            config = self._config(manifest, what)
            layers = media.descriptors(manifest, "layers", what)
            diff_ids = (config.get("rootfs") or {}).get("diff_ids") or []
            if not isinstance(diff_ids, list) or len(diff_ids) != len(layers):
                raise InputError(f"{what} has {len(layers)} layers, its configuration another number of diff_ids")
            ready = [
                unpacked(layer, str(diff_id), self.blobs, self.store)
                for layer, diff_id in zip(layers, diff_ids, strict=True)
            ]
            inner = config.get("config") or {}
            if not isinstance(inner, dict):
                raise InputError(f"{what}: the configuration's `config` is not an object")
            return ResolvedImage(ref, blob.digest, inner, Layers(ready))

    def layout(self, ref: str, platforms: tuple[str, ...]) -> Iterable[Entry]:
        """As `ImageSource.layout`: only the blobs that belong to this image."""
        wanted = [media.parse_platform(text) for text in platforms]
        with _about(ref):
            if wanted:
                heads = [self.manifest(ref, platform) for platform in wanted]
                unique = {blob.digest: blob for blob in heads}
                heads = [Descriptor(b.media, b.digest, b.size, ref, b.platform) for b in unique.values()]
            else:
                heads = [Descriptor(b.media, b.digest, b.size, ref, b.platform) for b in self._named(ref)]
        yield from self.of_heads(ref, heads)

    def of_heads(self, ref: str, heads: Sequence[Descriptor]) -> Iterator[Entry]:
        """A layout of its own with some images of this one."""
        with _about(ref):
            blobs = {blob.hex: blob for head in heads for blob in self.closure(head)}
        index = {"schemaVersion": 2, "mediaType": media.INDEX, "manifests": [head.document() for head in heads]}
        yield folder("blobs")
        yield folder("blobs/sha256")
        for name in sorted(blobs):
            content = Checked(self.blobs.path(blobs[name]), 0, blobs[name].size, name)
            yield Entry(f"blobs/sha256/{name}", Kind.FILE, 0o644, content)
        yield Entry("index.json", Kind.FILE, 0o644, Bytes(media.canonical(index)))
        yield Entry("oci-layout", Kind.FILE, 0o644, Bytes(VERSION))

    def closure(self, head: Descriptor, depth: int = 0) -> Iterator[Descriptor]:
        """A manifest or index and every blob it needs. Raises InputError for a missing one."""
        if not self.blobs.has(head):
            raise InputError(f"blob {head.digest} is missing in {self.folder}", hint="copy the whole image there")
        yield head
        if depth > _MAX_DEPTH:
            raise InputError(f"index {head.digest} lies more than {_MAX_DEPTH} indexes deep")
        what = f"document {head.digest}"
        if head.media in media.INDEXES:
            for blob in media.descriptors(media.document(self.blobs.document(head, "index"), what), "manifests", what):
                yield from self.closure(blob, depth + 1)
        elif head.media in media.MANIFESTS:
            manifest = media.document(self.blobs.document(head, "manifest"), what)
            config = media.descriptor(manifest.get("config"), f"{what}: config")
            for blob in [config, *media.descriptors(manifest, "layers", what)]:
                yield from self.closure(Descriptor("", blob.digest, blob.size), depth + 1)

    def index(self) -> list[Descriptor]:
        """What the layout's index lists. Raises InputError for a folder that is no OCI layout."""
        for name in ("oci-layout", "index.json"):
            if not (self.folder / name).is_file():
                raise InputError(
                    f"{self.folder} is no OCI image layout: it has no file {name}",
                    hint="make one with skopeo copy docker://NAME oci:FOLDER:NAME",
                )
        where = self.folder / "index.json"
        try:
            with where.open("rb") as stream:
                data = stream.read(media.MAX_DOCUMENT + 1)
        except OSError as problem:
            raise HostError(f"{where} cannot be read: {problem.strerror}") from problem
        if len(data) > media.MAX_DOCUMENT:
            raise InputError(f"{where} is larger than {media.MAX_DOCUMENT} bytes")
        return media.descriptors(media.document(data, str(where)), "manifests", str(where))

    def _named(self, ref: str) -> list[Descriptor]:
        """What the index lists under a name, or by the digest the name ends with."""
        full, digest = full_name(ref), digest_in(ref)
        found = []
        for blob in self.index():
            if blob.name and (blob.name == ref or _same(blob.name, full)):
                found.append(blob)
            elif digest:
                # The digest says which image; the name beside it is for people, and a layout need not have it.
                inner = [blob, *self._children(blob)] if blob.digest != digest else [blob]
                found += [one for one in inner if one.digest == digest]
        if not found:
            raise Absent(f"there is no image {ref} in {self}")
        return found

    def _children(self, blob: Descriptor) -> list[Descriptor]:
        if blob.media not in media.INDEXES:
            return []
        what = f"index {blob.digest}"
        return media.descriptors(media.document(self.blobs.document(blob, "index"), what), "manifests", what)

    def _manifests(self, blobs: list[Descriptor], depth: int) -> Iterator[Descriptor]:
        """The manifests below some descriptors, each with its platform; attestations and the like have none of ours."""
        if depth > _MAX_DEPTH or len(blobs) > _MAX_MANIFESTS:
            raise InputError(f"an index in {self} is nested too deeply or too long")
        for blob in blobs:
            if blob.media in media.INDEXES:
                yield from self._manifests(self._children(blob), depth + 1)
            elif blob.media in media.MANIFESTS:
                if blob.platform is None:
                    manifest = media.document(self.blobs.document(blob, "manifest"), f"manifest {blob.digest}")
                    config = self._config(manifest, f"manifest {blob.digest}")
                    words = [config.get(key) or "" for key in ("os", "architecture", "variant")]
                    platform = Platform(*(str(word)[:40] for word in words))
                    yield Descriptor(blob.media, blob.digest, blob.size, blob.name, platform)
                elif blob.platform.os != "unknown":
                    yield blob
            else:
                raise InputError(
                    f"{blob.digest} in {self} is {blob.media[:90]!r}, which is no image",
                    hint="OCI images and Docker's schema 2 are understood",
                )

    def _config(self, manifest: dict[str, Any], what: str) -> dict[str, Any]:
        blob = media.descriptor(manifest.get("config"), f"{what}: config")
        return media.document(self.blobs.document(blob, "configuration"), f"configuration {blob.digest}")


def _same(name: str, full: str) -> bool:
    """Whether a name of the index is this one, however short it is written there."""
    try:
        return full_name(name) == full
    except InputError:
        return False


@contextlib.contextmanager
def _about(ref: str) -> Iterator[None]:
    """Errors inside tell which image they are of."""
    try:
        yield
    except InputError as problem:
        if ref in problem.what:
            raise
        raise InputError(f"image {ref}: {problem.what}", where=problem.where, hint=problem.hint) from problem
