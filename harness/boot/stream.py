"""The one stream of events: console, QMP, process and clock merged in order, with monotonic times from power-on.

Whoever wants to know something consumes this stream; nobody reads the machine directly. Consumers are called in the
event loop's thread, in the order of subscription, and never block, so the console is always drained.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from harness.boot.lines import Block, LineAssembler
from harness.machine.protocol import Fact, Port, Sink
from harness.words import Event, Source


class Consumer(Protocol):
    """Gets every event of the stream."""

    def see(self, event: Event) -> None:
        """Console text comes as kind `lines` (whole lines joined by LF; data: `first`, `count`) and `partial`."""


class EventStream:
    """Stamps, orders and hands out what a machine delivers."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._origin = clock()
        self._assembler = LineAssembler()
        self._consumers: list[Consumer] = []
        self._raw: list[Callable[[Port, bytes], None]] = []
        self.last_sign_of_life = self._origin
        self.console_bytes = 0
        self.problem: Exception | None = None  # the first that a consumer raised: a defect of ours, which ends the boot

    @property
    def sink(self) -> Sink:
        """What a machine is switched on with."""
        return Sink(self._received, self._happened)

    def subscribe(self, consumer: Consumer) -> None:
        """Hand every event from now on to `consumer`."""
        self._consumers.append(consumer)

    def tap(self, raw: Callable[[Port, bytes], None]) -> Callable[[], None]:
        """Hand the raw bytes of every line on as well. Returns what ends it."""
        self._raw.append(raw)
        return lambda: self._raw.remove(raw) if raw in self._raw else None

    def power_on_now(self) -> None:
        """Times count from here."""
        self._origin = self.last_sign_of_life = self._clock()

    def now(self) -> float:
        """Seconds since power-on."""
        return self._clock() - self._origin

    def lived_at(self) -> float:
        """When the machine last gave a sign of life, in seconds since power-on."""
        return self.last_sign_of_life - self._origin

    def emit(self, source: Source, kind: str, text: str = "", data: Mapping[str, Any] | None = None) -> None:
        """Put an event of the harness's own into the stream (a clock that ran out, a step that was taken)."""
        self._dispatch(Event(self.now(), source, kind, text, data or {}))

    def _received(self, port: Port, chunk: bytes) -> None:
        self.last_sign_of_life = self._clock()
        for raw in tuple(self._raw):
            raw(port, chunk)
        if port is Port.CONSOLE:
            self.console_bytes += len(chunk)
            self._console(self._assembler.feed(chunk))

    def _console(self, block: Block) -> None:
        at = self.now()
        if block.text or block.count:
            place = {"first": block.first, "count": block.count}
            self._dispatch(Event(at, Source.CONSOLE, "lines", block.text, place))
        if block.partial:
            self._dispatch(Event(at, Source.CONSOLE, "partial", block.partial, {"first": block.first + block.count}))

    def finish(self) -> None:
        """The console has ended: hand out its unfinished last line."""
        self._console(self._assembler.finish())

    def _happened(self, fact: Fact) -> None:
        self.last_sign_of_life = self._clock()
        if fact.source is Source.PROCESS:
            self.finish()
        self._dispatch(Event(self.now(), fact.source, fact.kind, fact.text, fact.data))

    def _dispatch(self, event: Event) -> None:
        for consumer in tuple(self._consumers):
            try:
                consumer.see(event)
            except Exception as problem:  # raised into the event loop, it would leave the boot waited for
                self.problem = self.problem or problem
