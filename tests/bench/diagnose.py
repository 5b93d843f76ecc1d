"""How fast logs are diagnosed: MB/s on one processor, and beside it a plain pass that reads and splits the same bytes.

Each is the best of three runs: whatever else a host does can only make one slower.

Run by hand: `python -m tests.bench.diagnose [MEGABYTES]`. Exit status 1: a log was slower than 20 MB/s or memory grew.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator

from harness.diagnosis.diagnoser import Diagnoser

CHUNK = 1 << 20
FLOOR = 20.0  # MB/s
MEMORY_LIMIT = 150  # MB over what the program has at its start
_CHATTER = b"".join(
    b"[%5d.%06d] usb 1-%d: new high-speed USB device number %d using xhci_hcd\r\n" % (n // 1000, n * 37, n % 9, n)
    for n in range(3000)
)
_COLOURED = b"".join(
    b"[%5d.%06d] \x1b[32mprobe\x1b[0m of device %d\r\n[\x1b[0;32m  OK  \x1b[0m] Started service %d.\r\n" % (n, n, n, n)
    for n in range(3000)
)
_TRACE = (
    b"[    5.1] WARNING: CPU: 1 PID: 71 at drivers/sample/core.c:99 sample_probe+0x1a/0x40 [sample]\n"
    + b"[    5.1]  sample_bind+0x10/0x20 [sample]\n" * 30
    + b"[    5.1] ---[ end trace 0000000000000000 ]---\n"
)
LOGS: dict[str, bytes] = {
    "boot messages": _CHATTER,
    "with colours": _COLOURED,
    "one trace after another": _TRACE * 60,
}
HOSTILE: dict[str, bytes] = {
    "one line": b"x" * CHUNK,
    "one line of needles": b"BUG: " * 9000,
    "words of rules, not lines of them": b"the BUG: and Oops of it\n" * 9000,
    "nothing but panics": b"Kernel panic - not syncing: of nothing\n" * 9000,
    "no line twice": b"".join(b"<%d>BUG: kernel BUG at %x/%d.c:%d\n" % (n % 8, n * 7919, n, n) for n in range(9000)),
    "nothing but kernels that start": b"".join(b"Linux version 6.%d\n" % n for n in range(9000)),
}
"""What nobody's console prints."""


def pieces(text: bytes, megabytes: int) -> Iterator[bytes]:
    """About `megabytes` of a log, a piece at a time."""
    piece = text * max(CHUNK // len(text), 1)
    for _ in range(max(megabytes * 1_000_000 // len(piece), 1)):
        yield piece


def seconds(work: Callable[[Iterator[bytes]], object], text: bytes, megabytes: int) -> float:
    """Processor time of it."""
    started = time.process_time()
    work(pieces(text, megabytes))
    return time.process_time() - started


def read_and_split(data: Iterator[bytes]) -> int:
    """The least that can be done with a log line by line."""
    return sum(len(piece.splitlines()) for piece in data)


def understand(data: Iterator[bytes]) -> object:
    """What the product does."""
    diagnoser = Diagnoser()
    for piece in data:
        diagnoser.feed(piece)
    return diagnoser.finish()


def main() -> int:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    understand(iter([_TRACE]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    slow = False
    for name, text in (LOGS | HOSTILE).items():
        size = sum(len(piece) for piece in pieces(text, megabytes)) / 1e6
        plain, ours = (min(seconds(work, text, megabytes) for _ in range(3)) for work in (read_and_split, understand))
        slow |= size / ours < FLOOR
        print(f"{name:34} {size / ours:7.1f} MB/s, {ours / max(plain, 1e-9):5.1f}x the time of read and splitlines")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"memory grew by {grown:.0f} MB")
    return 1 if slow or grown > MEMORY_LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
