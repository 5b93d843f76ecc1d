"""Consoles without a descriptor, which a thread reads: RFC 2217 by pyserial's own server, and loop://."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import serial
import serial.rfc2217

from harness.machine.board.serialline import open_line
from harness.machine.protocol import Port
from tests.unit.machine.board_bench import Bench


def run(main: Callable[[], Awaitable[None]], limit: float = 30) -> None:
    asyncio.run(asyncio.wait_for(main(), limit))  # type: ignore[arg-type]


class Redirector:
    """A server of RFC 2217 as pyserial's own example has it: the board is `loop://`, which answers what it is sent."""

    def __init__(self) -> None:
        self.board = serial.serial_for_url("loop://", timeout=0.05)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        assert self.connection is not None
        self.connection.sendall(data)

    def _serve(self) -> None:
        self.connection, _ = self.listening.accept()
        manager = serial.rfc2217.PortManager(self.board, self)
        threading.Thread(target=self._back, args=(manager,), daemon=True).start()
        try:
            while data := self.connection.recv(1024):
                self.board.write(b"".join(manager.filter(data)))
        except OSError:
            pass

    def _back(self, manager: serial.rfc2217.PortManager) -> None:
        assert self.connection is not None
        try:
            while self.board.is_open:
                if data := self.board.read(self.board.in_waiting or 1):
                    self.connection.sendall(b"".join(manager.escape(data)))
        except (OSError, serial.SerialException):
            pass

    def drop(self) -> None:
        assert self.connection is not None
        self.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.board.close()
        self.listening.close()
        if self.connection:
            self.connection.close()


@pytest.mark.filterwarnings("ignore:set(Daemon|Name).. is deprecated:DeprecationWarning")  # pyserial's own
@pytest.mark.parametrize("drops", [False, True])
def test_console_over_rfc2217(bench: Bench, drops: bool) -> None:
    server = Redirector()

    async def main() -> None:
        board = bench.machine(console=f"rfc2217://127.0.0.1:{server.port}")
        await board.power_on(bench.sink())
        data = bytes(range(256)) + b"end"
        board.write(Port.CONSOLE, data)
        await bench.until(lambda: bench.text.endswith(b"end"))
        assert bench.text == data
        if drops:
            server.drop()
            await bench.until(lambda: bool(bench.facts))
            assert "was lost" in bench.facts[0].text
        await board.power_off()
        assert len(bench.facts) == int(drops)

    try:
        run(main)
    finally:
        server.close()


def test_line_without_a_descriptor_that_is_closed_tells_nothing(bench: Bench) -> None:
    async def main() -> None:
        lost: list[str] = []
        sink = bench.sink()
        received = partial(sink.received, Port.CONSOLE)
        line = await open_line("loop://", baud=115200, received=received, lost=lost.append)
        line.write(b"echo")
        await bench.until(lambda: bench.text == b"echo")
        line.close()
        await asyncio.sleep(0.05)
        assert lost == []

    run(main)


def test_line_without_a_descriptor_that_reads_nothing_has_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of rfc2217:// says so once, and may block for ever after."""
    asked = iter([b""])

    class Ended:
        name = "ended"
        in_waiting = 0

        def read(self, size: int) -> bytes:
            if (chunk := next(asked, None)) is None:
                threading.Event().wait()
            return chunk or b""

        def close(self) -> None: ...

    monkeypatch.setattr(serial, "serial_for_url", lambda url, **_: Ended())

    async def main() -> None:
        lost: asyncio.Queue[str] = asyncio.Queue()
        await open_line("rfc2217://x:1", baud=115200, received=lambda _: None, lost=lost.put_nowait)
        assert "was lost: the connection has ended" in await asyncio.wait_for(lost.get(), 5)

    run(main)
