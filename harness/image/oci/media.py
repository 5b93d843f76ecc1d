"""OCI and Docker documents as data: media types, descriptors, platforms; every field of a stranger's is checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import InputError
from harness.words import Arch

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"

# Docker's manifest list and manifest (v2, schema 2) differ from OCI's in nothing but their names.
INDEXES = (INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = (MANIFEST, "application/vnd.docker.distribution.manifest.v2+json")
# How a layer is packed. Docker's writers call layers gzip that are not: what the first bytes say counts, see `layer`.
LAYERS = (
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    LAYER_ZSTD,
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
)
CONTAINERD_NAME = "io.containerd.image.name"  # the whole name, where REF_NAME is only the tag: `docker save` does so
REF_NAME = "org.opencontainers.image.ref.name"
MAX_DOCUMENT = 4 << 20  # bytes of an index, a manifest or a configuration; registries refuse larger ones too

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on, in Go's words: `linux/arm/v7`."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def takes(self, other: Platform) -> bool:
        """Whether an image for `other` runs here; where either says nothing of a variant, any will do."""
        same = (self.os, self.architecture) == (other.os, other.architecture)
        return same and (not self.variant or not other.variant or self.variant == other.variant)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What one blob is called, how long it is and what it is."""

    media: str
    digest: str  # `sha256:` and 64 hexadecimal digits
    size: int  # bytes
    name: str = ""  # of the image, by an annotation
    platform: Platform | None = None

    @property
    def hex(self) -> str:
        """The digest without its algorithm: the blob's file name."""
        return self.digest.partition(":")[2]

    def document(self) -> dict[str, Any]:
        """As it stands in an index or a manifest."""
        found: dict[str, Any] = {"mediaType": self.media, "digest": self.digest, "size": self.size}
        if self.name:
            found["annotations"] = {REF_NAME: self.name}
        if self.platform:
            words = {"os": self.platform.os, "architecture": self.platform.architecture}
            found["platform"] = words | ({"variant": self.platform.variant} if self.platform.variant else {})
        return found


_GO = {"x86_64": ("amd64", ""), "arm64": ("arm64", "v8"), "armhf": ("arm", "v7")}


def platform_of(arch: Arch) -> Platform:
    """The platform of an architecture of ours."""
    name, variant = _GO.get(arch.value, (arch.value, ""))
    return Platform("linux", name, variant)


def parse_platform(text: str) -> Platform:
    """`linux/arm64` or `linux/arm/v7`. Raises InputError."""
    words = text.split("/")
    if len(words) not in (2, 3) or not all(_WORD.fullmatch(word) for word in words):
        raise InputError(f"{text!r} is no platform", hint="write it as linux/amd64 or linux/arm/v7")
    return Platform(*words)


def document(data: bytes, what: str) -> dict[str, Any]:
    """A JSON object. Raises InputError naming `what` it was to be."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{what} is not JSON: {str(problem)[:120]}") from problem
    if not isinstance(found, dict):
        raise InputError(f"{what} is not a JSON object")
    return found


def canonical(found: Mapping[str, Any]) -> bytes:
    """The bytes of a document we write: the same for the same content."""
    return json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def descriptors(found: Mapping[str, Any], key: str, what: str) -> list[Descriptor]:
    """The descriptors of a list in a document. Raises InputError."""
    values = found.get(key, [])
    if values is None:  # Go writes an empty list so
        return []
    if not isinstance(values, list):
        raise InputError(f"{what}: {key} is not a list")
    return [descriptor(value, f"{what}: {key}[{number}]") for number, value in enumerate(values)]


def descriptor(found: Any, what: str) -> Descriptor:
    """One descriptor. Raises InputError for anything that is not one, or has a digest other than SHA-256."""
    if not isinstance(found, dict):
        raise InputError(f"{what} is not a descriptor")
    digest, size, media = found.get("digest"), found.get("size"), found.get("mediaType", "")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise InputError(f"{what} has no SHA-256 digest: {str(digest)[:90]!r}")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise InputError(f"{what} ({digest}) has no size: {str(size)[:20]!r}")
    if not isinstance(media, str):
        raise InputError(f"{what} ({digest}) has no media type")
    notes = found.get("annotations") or {}
    name = (notes.get(CONTAINERD_NAME) or notes.get(REF_NAME)) if isinstance(notes, dict) else ""
    return Descriptor(media, digest, size, name if isinstance(name, str) else "", _platform(found.get("platform")))


def _platform(found: Any) -> Platform | None:
    if not isinstance(found, dict):
        return None
    words = [found.get(key) or "" for key in ("os", "architecture", "variant")]
    return Platform(*words) if all(isinstance(word, str) for word in words) else None
