"""A flood of console output with a panic at its end, through stream, judge and recorder: MB/s and memory.

Run by hand: `python -m tests.bench.flood [MEGABYTES]`. Exit status 1: the panic was not
found, or memory is not bounded.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.boot.judge import Judge, Ruling
from harness.boot.ladder import image_ladder
from harness.boot.recorder import Recorder
from harness.boot.stream import EventStream
from harness.machine.protocol import Port
from harness.plan.catalog import Catalog

CHUNK = 1 << 16
MEMORY_LIMIT = 150  # MB
PANIC = b"[ 9999.000000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\r\n"
# What a chatty guest prints: kernel messages, and a service's log with colours.
_LINES = b"".join(
    b"[%5d.%06d] usb 1-%d: new high-speed USB device number %d using xhci_hcd\r\n"
    b"\x1b[0;32m  OK  \x1b[0m] Started service %d, which has nothing to say but says it.\r\n"
    % (n // 1000, n * 37 % 1000000, n % 9, n, n)
    for n in range(3000)
)


@dataclass(frozen=True, slots=True)
class Flooded:
    """What came of it; `peak` resident memory in MB, the log's size in bytes."""

    megabytes: float
    seconds: float
    peak: float
    ruling: Ruling | None
    logged: int


def console(size: int) -> Iterator[bytes]:
    """About `size` bytes in chunks as a reader gets them (lines torn anywhere), and a panic at the end."""
    endless = _LINES * 2
    place = sent = 0
    while sent < size - len(PANIC):
        piece = endless[place : place + min(CHUNK, size - len(PANIC) - sent)]
        yield piece
        sent += len(piece)
        place = (place + len(piece)) % len(_LINES)
    yield b"\r\n" + PANIC[:40]
    yield PANIC[40:]


def flood(size: int, folder: Path) -> Flooded:
    """Push `size` bytes through a boot's consumers."""
    target = Catalog().target("x86_64-cloud-kvm")
    rungs = image_ladder(target, running={}, metadata={}, asks_machine=True)
    judge = Judge(rungs, reached=lambda _: None)
    recorder = Recorder(folder, "flood")
    stream = EventStream()
    stream.tap(recorder.received)
    stream.subscribe(recorder)
    stream.subscribe(judge)
    sink = stream.sink
    started = time.perf_counter()
    for chunk in console(size):
        sink.received(Port.CONSOLE, chunk)
    seconds = time.perf_counter() - started
    recorder.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return Flooded(size / 1e6, seconds, peak, judge.ruling, recorder.log.stat().st_size)


def main() -> int:
    """Print the figures."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        done = flood(megabytes * 1_000_000, Path(folder))
    found = done.ruling.outcome if done.ruling else "nothing"
    print(f"{done.megabytes:.0f} MB in {done.seconds:.2f} s: {done.megabytes / done.seconds:.0f} MB/s")
    print(f"peak memory {done.peak:.0f} MB (limit {MEMORY_LIMIT}); at the end: {found}; {done.logged} bytes logged")
    return 0 if found == "init-died" and done.peak < MEMORY_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
