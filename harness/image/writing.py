"""Images written in a format. A format is one file in `formats/` with `NAME`, `ABOUT` and `write(job)`, found there.

`write` puts its files into `job.folder`, which is its own, and returns them. They reach the user's folder when all of
them are complete, or not at all.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import harness.image.formats
from harness.errors import HostError, InputError
from harness.image.entries import Entry
from harness.plan.validate import suggestion
from harness.plan.yamlfile import shown_path
from harness.words import Arch


@dataclass(frozen=True, slots=True)
class Job:
    """What a format makes its files of. `memory`: bytes of the machine that shall boot it, where that is known.

    `smallest`: whether the initrd is packed as tightly as can be, which takes long, and a kernel that knows zstd.
    """

    entries: Sequence[Entry]
    name: str  # what the files' names begin with
    folder: Path
    arch: Arch
    memory: int | None = None
    smallest: bool = False

    def path(self, suffix: str) -> Path:
        """A file of this job."""
        return self.folder / f"{self.name}{suffix}"


@dataclass(frozen=True, slots=True)
class Format:
    """One format, as its file has it."""

    name: str
    about: str
    write: Callable[[Job], list[Path]]


def formats() -> dict[str, Format]:
    """All formats by name."""
    found = (_format(importlib.import_module(info.name)) for info in _modules())
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}


def format_of(name: str) -> Format:
    """The format of that name. Raises InputError naming the nearest."""
    known = formats()
    if name not in known:
        raise InputError(f"there is no format {name[:40]!r}", hint=suggestion(name, known, "formats are"))
    return known[name]


def write_image(form: Format, job: Job) -> list[Path]:
    """Write an image into `job.folder`, which is made if need be; returns its files. Nothing is left of one that fails.

    Raises InputError for what does not fit the format, HostError where the folder cannot be written.
    """
    target = job.folder
    made = None
    try:
        made = _topmost_missing(target)
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{job.name[:40]}-", dir=target) as work:
            inner = Path(work).absolute()  # for tools that run elsewhere, or take a name for an option
            written = form.write(replace(job, folder=inner))
            for path in written:
                path.chmod(0o644)
                path.replace(target / path.name)
        made = None
        return [target / path.name for path in written]
    except OSError as problem:
        raise HostError(f"{shown_path(target)} cannot be written: {problem.strerror or problem}") from problem
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def created(path: Path) -> Iterator[BinaryIO]:
    """A new file, written in large pieces."""
    with path.open("xb", buffering=1 << 20) as stream:
        yield stream


def _topmost_missing(path: Path) -> Path | None:
    """The first folder that would have to be made."""
    missing = [part for part in (path, *path.parents) if not os.path.lexists(part)]
    return missing[-1] if missing else None


def _modules() -> Iterator[pkgutil.ModuleInfo]:
    return pkgutil.iter_modules(harness.image.formats.__path__, "harness.image.formats.")


def _format(module: ModuleType) -> Format:
    return Format(module.NAME, module.ABOUT, module.write)
