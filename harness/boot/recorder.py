"""Writes down what happened while it happens: the raw bytes of the console, and every event as a line of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.machine.protocol import Port
from harness.words import Event, Source

# Behind this many lines, console text is recorded by place and size only: the raw log beside it has the bytes.
LINES_IN_FULL = 20_000


class Recorder:
    """`<name>.log` (raw) and `<name>.jsonl` (events) of one attempt.

    `problem` is the first thing that kept it from writing (a full disk): the record ends there, and the boot with it.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """`folder` exists; files of an earlier attempt of the same name are replaced."""
        self.log = folder / f"{name}.log"
        self.problem: OSError | None = None
        self._raw = self.log.open("wb", buffering=1 << 16)
        try:
            self._events = (folder / f"{name}.jsonl").open("w", encoding="utf-8", buffering=1 << 16)
        except OSError:
            self._raw.close()
            raise
        self._lines = 0

    def received(self, port: Port, chunk: bytes) -> None:
        """Bytes of the console; those of the command line are no part of the boot's record."""
        if port is Port.CONSOLE and self.problem is None:
            try:
                self._raw.write(chunk)
            except OSError as problem:
                self.problem = problem

    def see(self, event: Event) -> None:
        """One event. Unfinished lines are not recorded: they come again when they are complete."""
        if event.kind == "partial" or self.problem:
            return
        try:
            self._see(event)
        except OSError as problem:
            self.problem = problem

    def _see(self, event: Event) -> None:
        if event.source is Source.CONSOLE:
            self._console(event)
        else:
            self._write(event, {"kind": event.kind, "text": event.text, "data": dict(event.data)})

    def _console(self, event: Event) -> None:
        first = int(event.data["first"])
        self._lines += max(1, int(event.data["count"]))  # a piece of an endless line has no end to count
        if self._lines > LINES_IN_FULL:
            self._write(event, {"kind": "lines", "line": first, "count": event.data["count"]})
            return
        for number, line in enumerate(event.text.split("\n"), first):
            self._write(event, {"kind": "line", "line": number, "text": line})

    def _write(self, event: Event, rest: dict[str, Any]) -> None:
        entry = {"at": round(event.at, 4), "source": event.source.value, **rest}
        self._events.write(json.dumps(entry, separators=(",", ":"), default=str) + "\n")

    def flush(self) -> None:
        """Put everything where other readers see it."""
        self._raw.flush()
        self._events.flush()

    def close(self) -> None:
        """Finish both files."""
        for file in (self._raw, self._events):
            try:
                file.close()
            except OSError as problem:
                self.problem = self.problem or problem
