"""HTTP over a socket pair: files of one folder, one after the other, and an end when QEMU's end is closed."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from harness.machine.qemu.webserver import serve


def ask(line: socket.socket, request: str) -> tuple[int, bytes]:
    """Status and body of one answer."""
    line.sendall(f"{request} HTTP/1.1\r\nHost: 10.0.2.100\r\n\r\n".encode())
    stream = line.makefile("rb")
    status = int(stream.readline().split()[1])
    length = 0
    while (header := stream.readline().strip()) != b"":
        if header.lower().startswith(b"content-length:"):
            length = int(header.split(b":")[1])
    return status, stream.read(0 if request.startswith("HEAD") else length)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("the host's own")
    inner = tmp_path / "served"
    inner.mkdir()
    (inner / "kernel").write_bytes(b"MZ" * 70000)
    return inner


def test_one_file_after_the_other(folder: Path) -> None:
    with serve(folder) as line:
        line.settimeout(10)
        assert ask(line, "HEAD /kernel") == (200, b"")
        assert ask(line, "GET /kernel") == (200, b"MZ" * 70000)
        assert ask(line, "GET /kernel")[0] == 200


@pytest.mark.parametrize("path", ["/none", "/", "/../secret", "/%2e%2e/secret", "//../secret"])
def test_what_is_not_there_is_no_end(folder: Path, path: str) -> None:
    with serve(folder) as line:
        line.settimeout(10)
        assert ask(line, f"GET {path}")[0] == 404
        assert ask(line, "GET /kernel")[0] == 200


def test_it_ends_with_qemu(folder: Path) -> None:
    before = set(threading.enumerate())
    line = serve(folder)
    (server,) = set(threading.enumerate()) - before
    line.close()
    server.join(10)
    assert not server.is_alive()
