"""A board's console by pyserial: a device, a pty, `socket://` or `rfc2217://`, all read by events."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, Protocol

import serial

from harness.errors import HostError
from harness.machine.line import Line


class BoardLine(Protocol):
    """What a board needs of its console."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


async def open_line(
    url: str, *, baud: int, received: Callable[[bytes], None], lost: Callable[[str], None]
) -> BoardLine:
    """Open the console; `lost` is called when it ends by itself. Raises HostError: none, busy, no permission."""
    try:
        # In a thread: connecting to a server that does not answer takes seconds, and other consoles must be drained.
        port = await asyncio.to_thread(
            serial.serial_for_url, url, baudrate=baud, timeout=None, exclusive=_exclusive(url)
        )
    except (serial.SerialException, OSError, ValueError) as problem:
        reason = str(getattr(problem, "strerror", None) or problem)
        raise HostError(
            f"console {url} cannot be opened: {reason}", hint="see that the cable is there and nobody else has it open"
        ) from None
    try:
        descriptor = port.fileno()
    except (AttributeError, OSError):  # rfc2217:// has a reader of its own and no descriptor to wait on
        return _PumpedLine(port, received, lost)
    line = Line(descriptor, received, close=port.close)
    line.ended.add_done_callback(lambda _: lost(f"console {url} has ended"))
    return line


def _exclusive(url: str) -> bool | None:
    return True if "://" not in url else None


class _PumpedLine:
    """For ports without a descriptor: a thread blocks in their read and hands every byte to the event loop."""

    def __init__(self, port: Any, received: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        self._port = port
        self._received = received
        self._lost = lost
        self._closed = False
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._pump, name="board-console", daemon=True).start()

    def _pump(self) -> None:
        try:
            while not self._closed:
                chunk = self._port.read(1)
                if not chunk:  # no timeout is set, so nothing means the end
                    raise serial.SerialException("the connection has ended")
                self._tell(self._received, chunk + self._port.read(self._port.in_waiting))
        except (serial.SerialException, OSError, TypeError) as problem:
            if not self._closed:
                self._tell(self._lost, f"console {self._port.name} was lost: {problem}")

    def _tell(self, what: Callable[[Any], None], value: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before the line
            self._loop.call_soon_threadsafe(what, value)

    def write(self, data: bytes) -> None:
        """Send bytes; pyserial's own sending blocks only while its network does."""
        self._port.write(data)

    def close(self) -> None:
        """Close the port, which ends the thread's read."""
        self._closed = True
        self._port.close()
