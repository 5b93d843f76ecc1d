"""What a USB serial adapter is to a lab: a tty that stays when the board behind it is switched off and on."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import threading
import tty
from pathlib import Path


class SerialAdapter:
    """`tty` is for the harness; a board connects to `socket_path` when it has power, and hangs up when it has none."""

    def __init__(self, folder: Path, *, until: bytes = b"") -> None:
        """`until`: what the board says last before somebody pulls the cable out of the host."""
        self._until, self._said = until, b""
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self.tty = os.ttyname(self._theirs)
        self.socket_path = folder / "console.sock"
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.socket_path))
        self._server.listen(1)
        self._stop_reading, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._thread.start()

    def _relay(self) -> None:
        board: socket.socket | None = None
        while True:
            waiting: list[int | socket.socket] = [self._stop_reading, self._server, self._ours]
            ready, _, _ = select.select([*waiting, *([board] if board else [])], [], [])
            if self._stop_reading in ready:
                return
            if self._server in ready:
                board, _ = self._server.accept()
            if self._ours in ready:
                data = os.read(self._ours, 4096)
                if board:
                    with contextlib.suppress(OSError):
                        board.sendall(data)
            if board and board in ready:
                data = board.recv(4096)
                if data:
                    os.write(self._ours, data)
                    self._said += data
                    if self._until and self._until in self._said:
                        os.close(self._ours)
                        self._ours = os.open(os.devnull, os.O_RDWR)
                        return
                else:
                    board.close()
                    board = None

    def close(self) -> None:
        """Unplug it."""
        os.write(self._stop, b"x")
        self._thread.join()
        for descriptor in (self._ours, self._theirs, self._stop, self._stop_reading):
            os.close(descriptor)
        self._server.close()
