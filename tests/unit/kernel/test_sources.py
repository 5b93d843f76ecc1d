"""The host's own Debian archives, as its apt tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HostError
from harness.kernel import sources
from harness.kernel.sources import Source, from_index_targets, from_uris

TARGETS = """\
Repo-URI: http://mirror.example/debian/
Release: bookworm
Component: main
Origin: Debian
Sourcesentry: {file}:1

Repo-URI: http://mirror.example/debian/
Release: bookworm-backports
Component: main
Origin: Debian Backports

Repo-URI: http://mirror.example/debian/
Release: bookworm
Component: contrib
Origin: Debian

Repo-URI: https://other.example/
Release: nodistro
Component: main
Origin: Somebody

Repo-URI: http://mirror.example/x [trusted=yes] y/
Release: bookworm
Component: main
Origin: Debian
"""


def test_only_debian_main(tmp_path: Path) -> None:
    found = list(from_index_targets(TARGETS.format(file=tmp_path / "none.sources")))
    assert [(source.uri, source.suite) for source in found] == [("http://mirror.example/debian", "bookworm")]


def test_signed_by_of_the_host_is_kept(tmp_path: Path) -> None:
    key = tmp_path / "key.gpg"
    key.write_bytes(b"")
    modern = tmp_path / "a.sources"
    modern.write_text(f"Types: deb\nURIs: http://mirror.example/debian/\nSuites: bookworm\nSigned-By: {key}\n")
    old = tmp_path / "a.list"
    old.write_text(f"# x\ndeb [arch=amd64 signed-by={key}] http://mirror.example/debian bookworm main\n")
    for file in (modern, old):
        assert next(iter(from_index_targets(TARGETS.format(file=file)))).keyring == key


def test_uris_of_a_host_without_lists() -> None:
    text = """\
'http://m.example/debian/dists/bookworm/InRelease' m.example_InRelease 0
'http://m.example/debian/dists/bookworm-backports/InRelease' m.example_InRelease 0
'http://m.example/debian-security/dists/bookworm-security/InRelease' x 0
'https://o.example/repo/dists/any/InRelease' x 0
"""
    assert [(source.uri, source.suite) for source in from_uris(text)] == [
        ("http://m.example/debian", "bookworm"),
        ("http://m.example/debian-security", "bookworm-security"),
    ]


def test_line_never_trusts() -> None:
    line = Source("http://m.example/debian", "bookworm", Path("/k.gpg")).line("armhf")
    assert line == "deb [arch=armhf signed-by=/k.gpg] http://m.example/debian bookworm main"


def test_host_without_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_apt", lambda *words: "")
    with pytest.raises(HostError, match="no source of Debian"):
        sources.host_sources()


def test_host_without_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HostError, match="no apt-get"):
        sources.host_sources()
