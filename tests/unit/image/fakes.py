"""Images in memory, as a source of images gives them."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.image.compose import compose
from harness.image.entries import LABEL, Entry, Kind, ResolvedImage, file, folder
from harness.image.resolve import resolved_images
from harness.image.yaml.assembly import Assembly, read
from harness.words import Arch

# As much of one as builders look at: an EFI program, and arm64's header with the memory that it takes.
KERNEL = b"MZ".ljust(16, b"\0") + (1 << 20).to_bytes(8, "little") + bytes(32) + b"ARM\x64"


@dataclass(frozen=True)
class Tree:
    """The tree of an image."""

    given: tuple[Entry, ...]

    def entries(self) -> Iterable[Entry]:
        return self.given


@dataclass
class Source:
    """Images by reference."""

    images: dict[str, ResolvedImage] = field(default_factory=dict)

    def add(
        self, ref: str, entries: Iterable[Entry] = (), *, label: Mapping[str, Any] | str | None = None, **config: Any
    ) -> None:
        if label is not None:
            config["Labels"] = {LABEL: label if isinstance(label, str) else json.dumps(label)}
        self.images[ref] = ResolvedImage(ref, "sha256:0", config, Tree(tuple(entries)))

    def resolve(self, ref: str, arch: Arch) -> ResolvedImage:
        if ref not in self.images:
            raise InputError(f"there is no image {ref} for {arch}")
        return self.images[ref]

    def layout(self, ref: str, platforms: tuple[str, ...]) -> Iterable[Entry]:
        self.resolve(ref, Arch.X86_64)
        return [file("oci-layout", b"{}"), file("index.json", json.dumps([ref, *platforms]).encode())]


def tar(**members: bytes) -> bytes:
    """An archive of files; `_` in a name stands for `/`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name.replace("_", "/"))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def usual() -> Source:
    """A kernel, an init and a service."""
    source = Source()
    modules = tar(lib_modules_6_x=b"module")
    source.add("docker.io/t/kernel:1", [file("kernel", KERNEL), file("kernel.tar", modules), file("uc", b"ucode")])
    source.add("docker.io/t/init:1", [folder("bin"), file("bin/init", b"#!init", executable=True)])
    source.add("docker.io/t/app:1", [file("app", b"app")], Entrypoint=["/app"], Cmd=["-x"], Env=["A=1"])
    return source


def assembly(folder: Path, *texts: str) -> Assembly:
    """YAML texts as files `in0.yml`, ..., read and merged."""
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"in{number}.yml"
        path.write_text(text)
        paths.append(path)
    return read(paths)


def composed(folder: Path, *texts: str, source: Source | None = None) -> dict[str, Entry]:
    """The entries by path."""
    images = source or usual()
    whole = assembly(folder, *texts)
    entries = compose(whole, resolved_images(whole, images, Arch.X86_64), images)
    found = {entry.path: entry for entry in entries}
    assert len(found) == len(entries), "a path is there twice"
    for number, entry in enumerate(entries):
        parent = entry.path.rpartition("/")[0]
        before = {other.path: other.kind for other in entries[:number]}
        assert not parent or before[parent] is Kind.FOLDER, f"{entry.path} comes before its folder"
        assert entry.kind is not Kind.HARDLINK or before[entry.target] is Kind.FILE
    return found


def data_of(entry: Entry) -> bytes:
    assert entry.content is not None
    return b"".join(entry.content.chunks())


def json_of(entries: Mapping[str, Entry], path: str) -> Any:
    return json.loads(data_of(entries[path]))
