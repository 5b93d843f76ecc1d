"""Layouts for tests, made with nothing of the product: what reads them must not have written them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import zstandard

OCI = "application/vnd.oci.image"


def member(name: str, data: bytes | None = None, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A file; or whatever `type` says."""
    header = tarfile.TarInfo(name)
    header.mode = 0o644 if data is not None else 0o755
    for key, value in fields.items():
        setattr(header, key, value)
    header.size = len(data or b"")
    return header, data or b""


def folder(name: str, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.DIRTYPE, **fields)


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def hardlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.LNKTYPE, linkname=target)


def tar(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, errors="surrogateescape") as archive:
        for header, data in members:
            archive.addfile(header, io.BytesIO(data))
    return out.getvalue()


def packed(data: bytes, form: str) -> bytes:
    if form == "gzip":
        return gzip.compress(data, mtime=0)
    return zstandard.ZstdCompressor().compress(data) if form == "zstd" else data


class Maker:
    """A layout in the making."""

    def __init__(self, where: Path) -> None:
        self.where = where
        (where / "blobs/sha256").mkdir(parents=True)
        self.heads: list[dict[str, Any]] = []
        (where / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, data: bytes, media: str) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (self.where / "blobs/sha256" / digest).write_bytes(data)
        return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(data)}

    def image(
        self,
        *layers: bytes,
        form: str = "gzip",
        architecture: str = "amd64",
        config: Any = None,
        vendor: str = "oci",
        layer_media: str | None = None,
        **changes: Any,
    ) -> dict[str, Any]:
        """A manifest's descriptor, without a name."""
        names = {
            "oci": (f"{OCI}.config.v1+json", f"{OCI}.layer.v1.tar", f"{OCI}.manifest.v1+json", "+"),
            "docker": (
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.image.rootfs.diff.tar",
                "application/vnd.docker.distribution.manifest.v2+json",
                ".",
            ),
        }[vendor]
        blobs = [
            self.blob(packed(data, form), layer_media or names[1] + (f"{names[3]}{form}" if form else ""))
            for data in layers
        ]
        rootfs = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(data).hexdigest()}" for data in layers]}
        document = {"os": "linux", "architecture": architecture, "config": config or {}, "rootfs": rootfs} | changes
        settings = self.blob(json.dumps(document).encode(), names[0])
        manifest = {"schemaVersion": 2, "mediaType": names[2], "config": settings, "layers": blobs}
        return self.blob(json.dumps(manifest).encode(), names[2])

    def index(self, *platforms: tuple[str, dict[str, Any]], vendor: str = "oci") -> dict[str, Any]:
        """An index's descriptor; platforms as `linux/arm64/v8`."""
        heads = [
            head | {"platform": dict(zip(("os", "architecture", "variant"), text.split("/"), strict=False))}
            for text, head in platforms
        ]
        kind = "application/vnd.docker.distribution.manifest.list.v2+json" if vendor == "docker" else ""
        media = kind or f"{OCI}.index.v1+json"
        return self.blob(json.dumps({"schemaVersion": 2, "mediaType": media, "manifests": heads}).encode(), media)

    def name(self, head: dict[str, Any], *names: str, key: str = "org.opencontainers.image.ref.name") -> None:
        self.heads += [head | {"annotations": {key: name}} for name in names]
        self.save(self.heads)

    def save(self, heads: Sequence[dict[str, Any]]) -> None:
        (self.where / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": list(heads)}))


def one(where: Path, *layers: bytes, form: str = "gzip", **fields: Any) -> Path:
    """A layout with one image named `test/it:1`, for amd64."""
    maker = Maker(where)
    maker.name(maker.image(*layers, form=form, **fields), "docker.io/test/it:1")
    return where
