"""A host that has other things to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LOOPS = 4
"""Of the load that the product is measured under: twice the processors of the host that the floors were set on."""
# It ends by itself where nobody is left to end it.
_LOOP = f"import os\nwhile os.getppid() == {{parent}}:\n    for _ in range({10**6}):\n        pass"


@contextmanager
def busy(loops: int = LOOPS) -> Iterator[None]:
    """So many programs that do nothing, as fast as they can.

    Each in a session of its own, as a machine that is booted is: the scheduler shares a host out by sessions.
    """
    line = [sys.executable, "-c", _LOOP.format(parent=os.getpid())]
    running = [subprocess.Popen(line, start_new_session=True) for _ in range(loops)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
        for one in running:
            one.wait()
