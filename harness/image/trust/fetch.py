"""How the files of a repository reach us: by http(s) as python-tuf does it, or from a folder of this host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import DownloadError, DownloadHTTPError
from tuf.ngclient import FetcherInterface
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

from harness.image.entries import CHUNK

# What a web server says of a file that is not there; the updater asks for the next root until it hears it.
_MISSING = 404


def fetcher_of(url: str) -> FetcherInterface:
    """Who fetches from there."""
    return FolderFetcher() if url.startswith("file:") else Urllib3Fetcher()


class FolderFetcher(FetcherInterface):
    """Reads `file:` URLs."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(unquote(urlsplit(url).path))
        if not path.is_file():
            raise DownloadHTTPError(f"{path} is not there", _MISSING)
        return self._chunks(path)

    def _chunks(self, path: Path) -> Iterator[bytes]:
        try:
            with path.open("rb") as stream:
                while block := stream.read(CHUNK):
                    yield block
        except OSError as problem:
            raise DownloadError(f"{path} cannot be read: {problem.strerror}") from problem
