"""QMP: the facts that a console cannot tell, by `qemu.qmp` over an inherited socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any

from qemu.qmp import EventListener, Message, QMPClient, QMPError, Runstate

EventHandler = Callable[[str, dict[str, Any]], None]

# A QEMU that dies is an event of ours; the library would print it as an error of its own besides.
logging.getLogger("qemu.qmp").addHandler(logging.NullHandler())
logging.getLogger("qemu.qmp").propagate = False

# How long a monitor may take to answer before its QEMU counts as stuck. A QEMU that ends answers at once, by its end.
ANSWER_TIMEOUT = 30.0


class _Tap(EventListener):
    """Hands every event on as it is read, so that none waits in a queue while QEMU ends."""

    def __init__(self, handler: EventHandler) -> None:
        super().__init__()
        self._handler = handler

    async def put(self, event: Message) -> None:
        data = event.get("data", {})
        self._handler(str(event["event"]), dict(data) if isinstance(data, dict) else {})


class Monitor:
    """A QMP session. The handler gets `(name, data)` of every event, in QEMU's order, up to the last before its end."""

    def __init__(self, handler: EventHandler) -> None:
        self._client = QMPClient()
        self._client.register_listener(_Tap(handler))

    async def connect(self, ours: socket.socket, limit: float = ANSWER_TIMEOUT) -> None:
        """Negotiate on a socket whose other end QEMU inherited; events flow from here on.

        Raises QMPError, and TimeoutError after `limit` seconds.
        """
        await asyncio.wait_for(self._client.connect(ours), limit)

    async def execute(self, command: str, **arguments: object) -> Any:
        """One command. Raises QMPError when it fails, or when the session ends before the answer."""
        try:
            return await asyncio.wait_for(self._client.execute(command, arguments or None), ANSWER_TIMEOUT)
        except TimeoutError as silent:
            raise QMPError(f"QEMU's monitor did not answer {command} in {ANSWER_TIMEOUT:g} s") from silent

    async def last_words(self) -> None:
        """After QEMU's end: return once everything it said has been delivered, and release the session."""
        while self._client.runstate == Runstate.RUNNING:
            await self._client.runstate_changed()
        with contextlib.suppress(QMPError, EOFError, OSError, asyncio.IncompleteReadError):
            await self._client.disconnect()
