"""A board: consoles of every kind pyserial knows, and power commands that work, fail, hang or are missing."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable

import pytest
import serial
import serial.rfc2217

from harness.errors import HostError
from harness.machine.board.power import run_power_command
from harness.machine.protocol import Port
from harness.words import Source
from tests.unit.machine.board_bench import Bench


def run(main: Callable[[], Awaitable[None]], limit: float = 30) -> None:
    asyncio.run(asyncio.wait_for(main(), limit))  # type: ignore[arg-type]


def test_life_of_a_board(bench: Bench) -> None:
    async def main() -> None:
        board = bench.machine()
        assert (board.name, board.has_channel, board.watches_itself, board.held_back()) == ("pi-7", False, False, 0.0)
        await board.power_on(bench.sink())
        assert bench.calls() == ["off", "on"]  # whatever state it was left in
        os.write(bench.ours, b"U-Boot 2024.01\r\n")
        await bench.until(lambda: bench.text.endswith(b"\n"))
        assert bench.text == b"U-Boot 2024.01\r\n"
        board.write(Port.CONSOLE, b"\x03boot\n")
        assert await asyncio.to_thread(os.read, bench.ours, 100) == b"\x03boot\n"
        with pytest.raises(HostError, match="no line channel"):
            board.write(Port.CHANNEL, b"x")
        assert await board.inspect() == []
        await board.power_cycle()
        await board.power_off()
        assert bench.calls() == ["off", "on", "off", "on", "off"]
        assert bench.facts == []  # that we closed the console is no news

    run(main)


def test_first_byte_after_power_on_is_heard(bench: Bench) -> None:
    bench.switch(f'[ "$1" = off ] || printf first >{bench.tty}')

    async def main() -> None:
        ours, bench.ours = bench.ours, os.open(os.devnull, os.O_RDONLY)
        # The board's side of the pty is the script's here, so read from the other end as the console would.
        relay = threading.Thread(target=lambda: os.write(ours, os.read(ours, 100)), daemon=True)
        relay.start()
        board = bench.machine()
        await board.power_on(bench.sink())
        await bench.until(lambda: bench.text == b"first")
        await board.power_off()
        os.close(ours)

    run(main)


def test_own_cycle_command(bench: Bench) -> None:
    async def main() -> None:
        await bench.machine(cycle=["./power", "cycle", "now"]).power_cycle()
        assert bench.calls() == ["cycle now"]

    run(main)


def test_what_to_boot_is_told_by_the_environment(bench: Bench) -> None:
    bench.switch('echo "$BOOTMATRIX_KERNEL,$BOOTMATRIX_TARGET" >>power.log')

    async def main() -> None:
        board = bench.machine(on=["./power", "a b", "$(id)", ";reboot"])
        await board.power_on(bench.sink())
        assert bench.calls()[2:] == ["a b $(id) ;reboot", "/a b/kernel,raspi3b"]
        assert board.by_hand == (
            "BOOTMATRIX_KERNEL='/a b/kernel' BOOTMATRIX_TARGET=raspi3b ./power 'a b' '$(id)' ';reboot'"
        )
        await board.power_off()

    run(main)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("echo no such outlet >&2; exit 3", "power command './power off' ended with status 3: no such outlet"),
        ("exit 3", "status 3: it said nothing"),
        ("kill -9 $$", "status -9"),
        ("printf 'bad \\033[2J\\377 bytes\\n'; exit 1", "status 1: bad"),
        ("head -c 3000000 /dev/zero; exit 1", "status 1"),
    ],
)
def test_failing_command(bench: Bench, more: str, message: str) -> None:
    bench.switch(more)
    with pytest.raises(HostError) as caught:
        run(lambda: bench.machine().power_on(bench.sink()))
    text = str(caught.value)
    assert message in text
    assert len(text) < 700
    assert text.isprintable()


def test_missing_command(bench: Bench) -> None:
    with pytest.raises(HostError, match=r"power command './nothing' cannot be run: No such file.*lab\.yml"):
        run(lambda: bench.machine(off=["./nothing"]).power_on(bench.sink()))


@pytest.mark.parametrize("more", ["exec sleep 60", "sleep 60", "trap '' TERM INT; sleep 60; sleep 60"])
def test_hanging_command(bench: Bench, more: str) -> None:
    """Also when it is a child of the command that hangs, which holds everything it inherited."""
    bench.switch(more)
    started = time.monotonic()
    with pytest.raises(HostError, match=r"did not end within 0\.3 s"):
        run(lambda: bench.machine(timeout=0.3).power_on(bench.sink()))
    assert time.monotonic() - started < 30  # of sixty


def test_command_that_leaves_something_running(bench: Bench) -> None:
    """An emulated board is started by its power command, and goes on when that has ended."""
    bench.switch('[ "$1" = off ] && exit; sleep 20 & echo $! >pid')

    async def main() -> None:
        started = time.monotonic()
        await run_power_command(["./power", "on"], folder=bench.folder, environment={}, limit=10)
        assert time.monotonic() - started < 15  # of twenty
        os.kill(int((bench.folder / "pid").read_text()), 9)  # it was still there

    run(main)


def test_failing_on_closes_the_console(bench: Bench) -> None:
    bench.switch('[ "$1" = off ]')

    async def main() -> None:
        board = bench.machine()
        with pytest.raises(HostError, match="power on' ended with status 1"):
            await board.power_on(bench.sink())
        with pytest.raises(HostError, match="no line console"):
            board.write(Port.CONSOLE, b"x")
        serial.Serial(bench.tty, exclusive=True).close()

    run(main)


def test_board_that_cannot_be_switched_off_is_told(bench: Bench) -> None:
    async def main() -> None:
        board = bench.machine()
        await board.power_on(bench.sink())
        bench.switch("exit 1")
        with pytest.raises(HostError, match="power off' ended with status 1"):
            await board.power_off()

    run(main)


def test_console_lost(bench: Bench) -> None:
    async def main() -> None:
        board = bench.machine()
        await board.power_on(bench.sink())
        os.write(bench.ours, b"last")
        await bench.until(lambda: bench.text == b"last")
        os.close(bench.ours)
        await bench.until(lambda: bool(bench.facts))
        fact = bench.facts[0]
        assert (fact.source, fact.kind) == (Source.PROCESS, "exit")
        assert fact.text == f"board pi-7: console {bench.tty} has ended"
        await board.power_off()
        assert len(bench.facts) == 1

    run(main)


@pytest.mark.parametrize(
    "console", ["/dev/nowhere", "socket://127.0.0.1:1", "nonsense://x", "socket://x:y", "rfc2217://127.0.0.1:1"]
)
def test_console_that_is_not_there(bench: Bench, console: str) -> None:
    with pytest.raises(HostError) as caught:
        run(lambda: bench.machine(console=console).power_on(bench.sink()))
    assert str(caught.value).startswith(f"console {console} cannot be opened: ")
    assert "\n" not in str(caught.value)
    assert bench.calls() == ["off"]


def test_console_that_somebody_has_open(bench: Bench) -> None:
    with serial.Serial(bench.tty, exclusive=True), pytest.raises(HostError, match="cannot be opened"):
        run(lambda: bench.machine().power_on(bench.sink()))


def test_console_over_tcp(bench: Bench) -> None:
    async def main() -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        on, gone = asyncio.Event(), asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await on.wait()  # what comes before the line is open is dropped by pyserial
            writer.write(b"hello ")
            heard.put_nowait(await reader.readexactly(4))
            writer.write(b"there")
            await writer.drain()
            await gone.wait()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        board = bench.machine(console=f"socket://127.0.0.1:{port}")
        await board.power_on(bench.sink())
        on.set()
        await bench.until(lambda: bench.text == b"hello ")
        board.write(Port.CONSOLE, b"boot")
        assert await heard.get() == b"boot"
        await bench.until(lambda: bench.text == b"hello there")
        gone.set()
        await bench.until(lambda: bool(bench.facts))
        assert "has ended" in bench.facts[0].text
        await board.power_off()
        server.close()
        await server.wait_closed()

    run(main)


def test_cancelled_while_a_power_command_runs(bench: Bench) -> None:
    pipe = bench.folder / "pid"
    os.mkfifo(pipe)
    bench.switch("echo $$ >pid; exec sleep 60")

    async def main() -> None:
        task = asyncio.create_task(bench.machine().power_on(bench.sink()))
        pid = int(await asyncio.to_thread(pipe.read_text))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    run(main)
