"""Boot every fault of the corpus, and compare what the product says with what is wrong.

    python -m tests.faults.matrix [ID ...] [--jobs N] [--keep FOLDER]

An ID may be a pattern (`initrd-*`). Prints a line a fault as it ends, then the confusion of outcomes, the causes that
were wrong, and the floors. Exit status 0 if all of them hold.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from tests.faults.corpus.boots import Bench, Seen
from tests.faults.corpus.catalogue import faults
from tests.faults.corpus.fault import Fault
from tests.faults.corpus.measure import floors, line_of, table


async def boot_all(wanted: Sequence[Fault], folder: Path, jobs: int) -> list[Seen]:
    """Every fault once; a line for each as it ends. Those that wait longest begin first."""
    bench = Bench.set_up()
    places = asyncio.Semaphore(jobs)

    async def one(fault: Fault) -> Seen:
        async with places:
            seen = await bench.boot(fault, folder / fault.id)
        print(line_of(seen), flush=True)
        return seen

    return list(await asyncio.gather(*(one(fault) for fault in sorted(wanted, key=lambda fault: -fault.patience))))


def main(words: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.matrix")
    parser.add_argument("ids", nargs="*", metavar="ID", default=["*"])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="keep the records of all boots in this folder, which is made")
    options = parser.parse_args(words)
    known = faults()
    wanted = [fault for fault in known if any(fnmatchcase(fault.id, pattern) for pattern in options.ids)]
    unknown = [pattern for pattern in options.ids if not any(fnmatchcase(fault.id, pattern) for fault in known)]
    if unknown:
        parser.error(f"no fault {', '.join(unknown)}; known are {', '.join(fault.id for fault in known)}")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        if options.keep:
            options.keep.mkdir(parents=True)
        seen = asyncio.run(boot_all(wanted, options.keep or Path(scratch), options.jobs))
    print(f"\n{len(seen)} faults in {time.monotonic() - begin:.0f} s, {options.jobs} at once\n\n{table(seen)}\n")
    held = floors(seen)
    print("\n".join(str(floor) for floor in held))
    return 0 if all(floor.holds for floor in held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
