"""Files of a run's folder: written whole or not at all, read without leaving the folder."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path, PurePosixPath

from harness.errors import HostError, Where
from harness.report.text import LINE, clean
from harness.store import write_atomically

_TAIL_BYTES = 64 * 1024
_PICTURE_BYTES = 1 << 20
# Colours carry no fact, and `\x1b[0;32m` around every "OK" hides one; any other escape sequence stays visible.
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`: complete on disk under its name, or, on HostError, not there at all.

    An older file of that name stays until the new one is complete.
    """
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        hint = "make room or choose another place with --out"
        raise HostError(f"cannot write it: {error.strerror}", where=Where(str(path)), hint=hint) from error


def is_inside(relative: str) -> bool:
    """Whether `relative` is a path that names something below a run's folder, by its spelling alone."""
    parts = PurePosixPath(relative).parts
    return bool(parts) and relative.isprintable() and "\\" not in relative and parts[0] != "/" and ".." not in parts


def console_tail(run_dir: Path, relative: str | None, lines: int) -> list[str]:
    """The last `lines` lines, cleaned, without the empty ones at the end, of the console log `relative` to `run_dir`.

    Empty if there is no log, or if it is not a regular file inside `run_dir` (a run may come from somebody else).
    At most the last 64 KiB are read, so a log of any size costs the same.
    """
    data = _end_of(run_dir, relative, _TAIL_BYTES)
    # A lone \r is a progress bar drawing over itself: each state of it is a line here.
    found = [clean(line, LINE) for line in re.split(rb"[\r\n]+", _COLOUR.sub(b"", data))[-lines - 1 :]]
    while found and not found[-1].strip():
        found.pop()
    return found[-lines:]


def picture(run_dir: Path, relative: str | None) -> bytes | None:
    """The PNG `relative` to `run_dir`; None if there is none, if it is something else or larger than a page bears."""
    data = _end_of(run_dir, relative, _PICTURE_BYTES)
    return data if data.startswith(b"\x89PNG\r\n\x1a\n") else None


def _end_of(run_dir: Path, relative: str | None, size: int) -> bytes:
    """The last bytes of a file of the run's; none where it is no regular file inside of it."""
    if relative is None or not is_inside(relative):
        return b""
    try:
        path = (run_dir / relative).resolve()
        if not path.is_relative_to(run_dir.resolve()):
            return b""
        # Without O_NONBLOCK a FIFO in the file's place would stop the report for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                return b""
            stream.seek(max(status.st_size - size, 0))
            return stream.read(size)
    except (OSError, ValueError):
        return b""
