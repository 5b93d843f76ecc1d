"""HTTP for a guest, over a socket to QEMU: no port of the host's is opened, and no other guest can reach it.

QEMU hands the bytes of all the guest's connections to one socket, in turn; the server takes them for one connection
that is kept alive (HTTP/1.1), so a guest has to ask for one file after the other, as firmware does.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from harness.machine.qemu.process import socket_pair


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    raw_requestline: bytes  # empty where the other end has closed

    def address_string(self) -> str:
        """A socket without an address."""
        return "guest"

    def log_message(self, *_: Any) -> None:
        """What firmware asks for shows on its console."""

    def list_directory(self, path: Any) -> None:
        """Files by their name, and no lists of them."""
        del path
        self.send_error(404)


def serve(folder: Path) -> socket.socket:
    """QEMU's end of the socket. The server reads `folder` and ends when the other end is closed everywhere."""
    ours, theirs = socket_pair()
    ours.setblocking(True)
    threading.Thread(target=_talk, args=(ours, folder), name="webserver", daemon=True).start()
    return theirs


def _talk(ours: socket.socket, folder: Path) -> None:
    with ours, contextlib.suppress(OSError):
        # An answer after which a server would close its connection is no end here: the guest's next one comes the
        # same way. It ends when QEMU does.
        while _Handler(ours, ("guest", 0), None, directory=str(folder)).raw_requestline:  # type: ignore[arg-type]
            pass
