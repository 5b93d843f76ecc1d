"""`kind: http`: a page over a forwarded port."""

from __future__ import annotations

import asyncio
import http.client
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from harness.boot.checks.check import Check, CheckFailed, Guest, TcpPort, reach, until_answered

_BODY = 1 << 16  # bytes of a page that are read
_WAIT = 10.0  # seconds for one attempt


class Http(Check):
    """GET `path`, whose answer must have this status."""

    kind: Literal["http"]
    port: TcpPort = 80
    path: Annotated[str, StringConstraints(pattern=r"^/[!-~]*$", max_length=400)] = "/"
    status: int = Field(200, ge=100, le=599)

    @property
    def asks_port(self) -> int:
        """The server's."""
        return self.port

    async def ask(self, guest: Guest) -> str:
        """One connection an attempt."""
        host, port = await reach(guest, self.port)
        what = f"GET :{self.port}{self.path}"

        def get() -> tuple[int, str]:
            connection = http.client.HTTPConnection(host, port, timeout=min(_WAIT, self.timeout))
            try:
                connection.request("GET", self.path, headers={"Host": "guest"})
                answer = connection.getresponse()
                return answer.status, answer.read(_BODY).decode("utf-8", "replace")
            except http.client.HTTPException as problem:
                raise CheckFailed(f"{type(problem).__name__}: {problem}") from None
            finally:
                connection.close()

        async def attempt() -> str:
            status, body = await asyncio.to_thread(get)
            if status != self.status:
                raise CheckFailed(f"status {status}, expected {self.status}")
            return self.judged(body, f"{what} {status}")

        return await until_answered(self.timeout, attempt, what)


KIND = Http
