"""One request to a cloud's metadata service, on standard input and output: QEMU starts it for each of a guest's.

As a program: `python -m harness.machine.cloud.service CLOUD INSTANCE HOSTNAME KEY`.
"""

from __future__ import annotations

import importlib
import signal
import sys
from http.server import BaseHTTPRequestHandler

from harness.image.instance import Identity
from harness.machine.cloud.exchange import Request

PATIENCE = 20  # seconds that a guest has to ask


class _Exchange(BaseHTTPRequestHandler):
    """The library's reading of a request, which bounds it, without its server."""

    server_version, sys_version = "bootmatrix", ""

    def __init__(self, cloud: str, who: Identity) -> None:
        self.rfile, self.wfile = sys.stdin.buffer, sys.stdout.buffer  # type: ignore[assignment]
        self.client_address = ("guest", 0)
        self._answer = importlib.import_module(f"harness.machine.cloud.services.{cloud}").answer
        self._who = who
        self.handle_one_request()
        self.wfile.flush()

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        found = self._answer(Request(self.command or "", self.path, headers), self._who)
        body = found.body.encode()
        self.send_response(found.status)
        self.send_header("Content-Type", found.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        """Nobody reads it."""


if __name__ == "__main__":
    signal.alarm(PATIENCE)
    _Exchange(sys.argv[1], Identity(*sys.argv[2:5]))
