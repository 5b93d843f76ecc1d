"""The other side of the faults: healthy boots, of which none may be called a failure.

    python -m tests.faults.healthy [N] [--suite NAME] [--jobs N]

Boots the suite (default: quick) again and again until N cells have been booted (default: 200), each with the kernel of
the matrix and without a second try: a boot that passes only when it is repeated was an alarm. Exit status 0 if there
was none. A cell that could not be built is no boot; it counts as neither, is told, and makes the exit status 1, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.plan.cells import plan
from harness.plan.matrix import Retry
from harness.plan.select import select
from harness.report.progress.plain import PlainProgress
from harness.report.results import CellRecord
from harness.run.cellwork import CellWork
from harness.run.runner import Options, run_works
from harness.store import Store
from tests.boot.conftest import ROOT


def rounds(suite: str, folder: Path, jobs: int) -> Iterator[list[CellRecord]]:
    """The records of the suite, once for each time that it is run."""
    cells = [replace(cell, retry=Retry(errors=0, failures=0)) for cell in select(plan(ROOT), suite=suite)]
    store = Store()
    number = 0
    with Path("/dev/null").open("w") as nobody, PlainProgress(nobody) as progress:
        while True:
            number += 1
            run_dir = folder / f"round{number}"
            run_dir.mkdir()
            record = run_works([CellWork(cell, store) for cell in cells], Options(run_dir, jobs), store, progress)
            yield list(record.cells)
            if record.interrupted:
                raise KeyboardInterrupt


def main(words: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.healthy")
    parser.add_argument("boots", nargs="?", type=int, default=200)
    parser.add_argument("--suite", default="quick")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(words)
    boots, alarms, unbuilt = 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="healthy-") as scratch:
        for records in rounds(options.suite, Path(scratch), options.jobs):
            for record in records:
                if not record.attempts:
                    unbuilt += 1
                    print(f"not booted: {record.cell}: {record.cause}", flush=True)
                    continue
                boots += 1
                if record.verdict != "pass":
                    alarms += 1
                    print(f"ALARM {record.cell}: {record.verdict}, {record.outcome}: {record.cause}", flush=True)
            print(f"{boots} boots, {alarms} alarms", flush=True)
            if boots >= options.boots or not boots:
                break
    return 1 if alarms or unbuilt else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
