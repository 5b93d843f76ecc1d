"""`kind: tcp`: bytes over a forwarded port. That a connection is taken proves nothing: QEMU takes it for the guest."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Literal

from pydantic import Field

from harness.boot.checks.check import Check, CheckFailed, Guest, Regex, TcpPort, Text, reach, until_answered

_ENOUGH = 1 << 16  # bytes in which the answer must be found
_WAIT = 10.0  # seconds for one attempt


class Tcp(Check):
    """Connect, `send` where it is given, and read until `expect` is found."""

    kind: Literal["tcp"]
    port: TcpPort
    send: Text | None = Field(None, description="sent first, as UTF-8")
    expect: Regex = Field(description="regular expression that must be found in what comes back")

    @property
    def asks_port(self) -> int:
        """The server's."""
        return self.port

    async def ask(self, guest: Guest) -> str:
        """One connection an attempt."""
        host, port = await reach(guest, self.port)
        what = f"tcp :{self.port}"

        async def attempt() -> str:
            try:
                async with asyncio.timeout(_WAIT):
                    return self.judged(await self._heard(host, port), what)
            except TimeoutError:
                raise CheckFailed("the connection stayed silent") from None

        return await until_answered(self.timeout, attempt, what)

    async def _heard(self, host: str, port: int) -> str:
        reader, writer = await asyncio.open_connection(host, port)
        heard = b""
        try:
            if self.send:
                writer.write(self.send.encode())
                await writer.drain()
            while len(heard) < _ENOUGH and (chunk := await reader.read(4096)):
                heard += chunk
                if re.search(self.expect, heard.decode("utf-8", "replace"), re.MULTILINE):
                    break
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return heard.decode("utf-8", "replace")


KIND = Tcp
