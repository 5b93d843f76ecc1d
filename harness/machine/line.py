"""A serial line as a file descriptor in the event loop: bytes in as they come, bytes out when the line takes them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

CHUNK = 1 << 16  # bytes a read; one chunk is worked on before the next is read, so memory stays bounded


class Line:
    """Owns `fd` (non-blocking): the only reader of it, so that nothing is ever left undrained."""

    def __init__(self, fd: int, received: Callable[[bytes], None], *, close: Callable[[], None] | None = None) -> None:
        """`received` gets every chunk; `close` releases the descriptor (default: `os.close`)."""
        self._fd = fd
        self._received = received
        self._close = close or (lambda: os.close(fd))
        self._outgoing = bytearray()
        self._loop = asyncio.get_running_loop()
        self._writing = False
        self.ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._readable)

    def _readable(self) -> None:
        try:
            chunk = os.read(self._fd, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""  # a pty whose other side closed answers EIO; a socket may answer ECONNRESET
        if chunk:
            self._received(chunk)
        else:
            self._end()

    def _end(self) -> None:
        if not self.ended.done():
            self._loop.remove_reader(self._fd)
            self._stop_writing()
            self.ended.set_result(None)

    def write(self, data: bytes) -> None:
        """Queue bytes; what the line does not take at once is sent as soon as it does."""
        if self.ended.done():
            return
        self._outgoing += data
        self._writable()

    def _writable(self) -> None:
        try:
            sent = os.write(self._fd, self._outgoing)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._outgoing.clear()
            sent = 0
        del self._outgoing[:sent]
        if self._outgoing and not self._writing:
            self._writing = True
            self._loop.add_writer(self._fd, self._writable)
        elif not self._outgoing:
            self._stop_writing()

    def _stop_writing(self) -> None:
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._fd)

    def close(self) -> None:
        """Stop reading and release the descriptor; a second call does nothing."""
        self._end()
        release, self._close = self._close, lambda: None
        with contextlib.suppress(OSError):
            release()
