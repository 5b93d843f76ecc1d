"""The other side of the faults: healthy boots, of which none may be called a failure.

    python -m tests.faults.healthy [N] [--suite NAME] [-m EXPR] [CELL...] [--rounds N] [--load LOOPS] [--jobs N]

Boots the cells (default: the suite quick; `-m` as pytest's, names as those of `bootmatrix run`) again and again until
N cells have been booted (default: 200), or so many rounds, each with the kernel of the matrix and without a second
try: a boot that passes only when it is repeated was an alarm. With `--load 4`, beside four busy loops. At its end it
tells of each cell how often it passed. Exit status 0 if there was no alarm. A cell that could not be built is no boot;
it counts as neither, is told, and makes the exit status 1, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tabulate import tabulate

from harness.plan.cells import Cell, plan
from harness.plan.matrix import Retry
from harness.plan.select import select
from harness.report.progress.plain import PlainProgress
from harness.report.results import CellRecord
from harness.run.cellwork import CellWork
from harness.run.runner import Options, run_works
from harness.store import Store
from tests.bench.load import busy
from tests.boot.conftest import ROOT


def rounds(cells: Sequence[Cell], folder: Path, jobs: int) -> Iterator[list[CellRecord]]:
    """The records of the cells, once for each time that they are run, until somebody interrupts it."""
    cells = [replace(cell, retry=Retry(errors=0, failures=0)) for cell in cells]
    store = Store()
    number = 0
    with Path("/dev/null").open("w") as nobody, PlainProgress(nobody) as progress:
        while True:
            number += 1
            run_dir = folder / f"round{number}"
            run_dir.mkdir()
            record = run_works([CellWork(cell, store) for cell in cells], Options(run_dir, jobs), store, progress)
            if record.interrupted:
                return
            yield list(record.cells)


def main(words: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.healthy")
    parser.add_argument("words", nargs="*", metavar="N|CELL", help="boots in all, and names of cells")
    parser.add_argument("--suite")
    parser.add_argument("-m", dest="expr")
    parser.add_argument("--rounds", type=int, help="of all the cells, instead of N boots")
    parser.add_argument("--load", type=int, default=0, help="busy loops beside")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(words)
    names = [word for word in options.words if not word.isdigit()]
    wanted = next((int(word) for word in options.words if word.isdigit()), 200)
    cells = select(plan(ROOT), names, options.expr, options.suite, default_suite="quick")
    done, passed = Counter[str](), Counter[str]()
    unbuilt = alarms = 0
    with tempfile.TemporaryDirectory(prefix="healthy-") as scratch, busy(options.load):
        for number, records in enumerate(rounds(cells, Path(scratch), options.jobs), 1):
            for record in records:
                if not record.attempts:
                    unbuilt += 1
                    print(f"not booted: {record.cell}: {record.cause}", flush=True)
                    continue
                done[record.cell] += 1
                passed[record.cell] += record.verdict == "pass"
                if record.verdict != "pass":
                    print(f"ALARM {record.cell}: {record.verdict}, {record.outcome}: {record.cause}", flush=True)
            alarms = done.total() - passed.total()
            print(f"{done.total()} boots, {alarms} alarms", flush=True)
            if not done or (number >= options.rounds if options.rounds else done.total() >= wanted):
                break
    print(tabulate([(name, f"{passed[name]} of {times}") for name, times in done.items()], tablefmt="plain"))
    return 1 if alarms or unbuilt else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
