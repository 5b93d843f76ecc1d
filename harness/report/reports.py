"""Every report of a run. A new format is one more file in this folder with `FILENAME` and `render(record, run_dir)`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import harness.report
from harness.report import results
from harness.report.files import write_text
from harness.report.results import RunRecord


@dataclass(frozen=True, slots=True)
class Format:
    """A report's file name, and what makes its text of a record and the run's folder (where the console logs are)."""

    filename: str
    render: Callable[[RunRecord, Path], str]


def formats() -> list[Format]:
    """The formats found in this folder, by file name."""
    found = []
    for info in pkgutil.iter_modules(harness.report.__path__, "harness.report."):
        # Folders here are no formats, and one of them would import rich.
        if info.ispkg:
            continue
        module = importlib.import_module(info.name)
        if hasattr(module, "FILENAME") and hasattr(module, "render"):
            found.append(Format(module.FILENAME, module.render))
    return sorted(found, key=lambda format_: format_.filename)


def write_all(run_dir: Path, record: RunRecord) -> list[Path]:
    """Write results.json, then every other report, into `run_dir`; returns their paths. HostError if the disk refuses.

    The record comes first: whatever happens to the others, they can be made of it again.
    """
    paths = [results.write(run_dir, record)]
    for format_ in formats():
        path = run_dir / format_.filename
        write_text(path, format_.render(record, run_dir))
        paths.append(path)
    return paths
