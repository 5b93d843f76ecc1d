"""The kernel's own count of how long a QEMU waited for a processor."""

from __future__ import annotations

import contextlib
from pathlib import Path


def waited_for_processor(pid: int) -> float:
    """Seconds in which the process could have run, but the host's processors were taken; 0 where nobody counts.

    The kernel counts it a thread (proc(5), schedstat: time on a run queue, ns); virtual CPUs wait side by side, so the
    longest wait of a thread is the one that counts.
    """
    longest = 0
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                longest = max(longest, int((task / "schedstat").read_text().split()[1]))
    return longest / 1e9
