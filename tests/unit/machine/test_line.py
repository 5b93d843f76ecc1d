"""A line owns its descriptor: everything is read, what the other side does not take waits, the end is told once."""

from __future__ import annotations

import asyncio
import os
import pty
import socket
from collections.abc import Awaitable, Callable

import pytest

from harness.machine.line import Line


def run(main: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(main(), 20))  # type: ignore[arg-type]


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_reads_all_and_ends() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        got = bytearray()
        fd = ours.detach()
        line = Line(fd, got.extend)
        data = os.urandom(300_000)
        await asyncio.to_thread(theirs.sendall, data)
        theirs.close()
        await line.ended
        assert bytes(got) == data
        line.close()
        line.close()
        assert not is_open(fd)
        line.write(b"nobody is there any more")

    run(main)


def test_what_is_not_taken_waits_and_keeps_its_order() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        line = Line(ours.detach(), lambda _: None)
        data = os.urandom(1 << 20)
        for start in range(0, len(data), 4096):
            line.write(data[start : start + 4096])
        theirs.setblocking(False)
        got = bytearray()
        while len(got) < len(data):
            got += await asyncio.get_running_loop().sock_recv(theirs, 65536)
        assert bytes(got) == data
        line.close()
        theirs.close()

    run(main)


@pytest.mark.parametrize("busy", [False, True])
def test_other_side_goes_away(busy: bool) -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        line = Line(ours.detach(), lambda _: None)
        if busy:
            line.write(b"x" * (1 << 21))
        theirs.close()
        await line.ended
        line.write(b"x")
        line.close()

    run(main)


def test_pty_whose_other_side_closed() -> None:
    async def main() -> None:
        ours, theirs = pty.openpty()
        got = bytearray()
        line = Line(ours, got.extend)
        os.write(theirs, b"last words")
        os.close(theirs)
        await line.ended
        assert bytes(got) == b"last words"
        line.close()

    run(main)


def test_own_way_of_closing() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        closed: list[int] = []
        line = Line(ours.fileno(), lambda _: None, close=lambda: closed.append(1))
        line.close()
        line.close()
        assert closed == [1]
        ours.close()
        theirs.close()

    run(main)
