"""UEFI as the harness boots it, and bare QEMU with the same firmware: `python -m tests.bench.uefi [CELL] [ROUNDS]`.

Both in turn, until the guest says that it is ready; the ratio of each round is printed, and their median is to be held
against the floor of 1.05. Nothing is asserted: hosts are noisy.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Sequence

from tests.bench.bare import BareGuest
from tests.bench.floors import cell, prepared_in, say, scratch, spread, until_ready

CELL = "x86_64-baremetal-uefi.minimal.distro.disk"


def uefi(name: str = CELL, rounds: int = 8) -> None:
    """Ratios of one cell, the two taking turns at being first."""
    one = cell(name)
    ratios, bares = [], []
    for number in range(rounds):
        with scratch() as ours, scratch() as theirs:
            files, other = prepared_in(ours, one), prepared_in(theirs, one)

            def bare() -> float:
                with BareGuest(one, other, theirs) as guest:  # noqa: B023 -- called in this round
                    return guest.ready

            def harness() -> float:
                return asyncio.run(until_ready(one, files, ours))  # noqa: B023 -- called in this round

            first = harness() if number % 2 else bare()
            second = bare() if number % 2 else harness()
            took, alone = (first, second) if number % 2 else (second, first)
        ratios.append(took / alone)
        bares.append(alone)
        say("uefi", f"round {number + 1}: {ratios[-1]:.3f}")
    say(one.id, f"x bare QEMU with the same firmware: {spread(ratios)}; bare s {spread(bares)}; floor: at most 1.05")
    say("", f"of all rounds together: {statistics.fsum(ratios) / len(ratios):.3f}")


def main(words: Sequence[str]) -> None:
    """The command."""
    uefi(words[0] if words else CELL, int(words[1]) if len(words) > 1 else 8)


if __name__ == "__main__":
    main(sys.argv[1:])
