"""A repository with one image, and readers of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from harness.image.oci import media
from harness.image.oci.layout import OciLayout
from harness.image.trust.keys import Keys
from harness.image.trust.reader import TrustedRepository
from harness.image.trust.repository import Published, Repository
from harness.store import Store
from harness.words import Arch
from tests.unit.image.oci.layouts import Maker, member, tar

NAME = "docker.io/test/it:1"


@dataclass
class Bench:
    """Where the publisher works, and what its readers use. `number` counts layouts."""

    tmp: Path
    number: int = 0

    @property
    def folder(self) -> Path:
        return self.tmp / "repo"

    @property
    def root(self) -> Path:
        return self.folder / "metadata/1.root.json"

    def repository(self, keys: str = "keys", **fields: Any) -> Repository:
        return Repository(self.folder, Keys(self.tmp / keys), **fields)

    def layout(self, text: bytes, name: str = NAME) -> OciLayout:
        self.number += 1
        maker = Maker(self.tmp / f"layout{self.number}")
        maker.name(maker.image(tar(member("file", text))), name)
        return OciLayout(maker.where, self.store("publisher"))

    def publish(self, text: bytes, name: str = NAME, *, now: datetime | None = None) -> str:
        """Returns the manifest's digest."""
        layout = self.layout(text, name)
        head = layout.manifest(name, media.platform_of(Arch.X86_64))
        self.repository(now=now).publish([Published(Arch.X86_64, name, layout, head)], self.store("publisher"))
        return head.digest

    def store(self, name: str) -> Store:
        return Store(self.tmp / f"store-{name}")

    def reader(self, where: str | None = None, *, root: Path | None = None, store: str = "reader") -> TrustedRepository:
        return TrustedRepository(where or str(self.folder), root or self.root, self.store(store))

    def text(self, **fields: Any) -> bytes:
        """What the image's file has, read through the root."""
        entries = {entry.path: entry for entry in self.reader(**fields).resolve(NAME, Arch.X86_64).entries()}
        content = entries["file"].content
        assert content is not None
        return b"".join(content.chunks())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.repository().create()
    made.publish(b"one")
    return made


@pytest.fixture
def served() -> Iterator[Callable[[Path], str]]:
    """Folders by http on this host."""
    servers: list[ThreadingHTTPServer] = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_words: Any) -> None:
            pass

    def serve(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
