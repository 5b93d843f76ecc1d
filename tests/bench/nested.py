"""What a nested Hyper-V costs: CPU seconds of the outer QEMU, all its threads, from power-on until the guest is ready.

    python -m tests.bench.nested [ROUNDS]

Floors: 12 with matched kernels, 20 with distro ones. Beside each stands the same machine without Hyper-V, in turn with
it: the seconds are the host's, the ratio is ours.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from pathlib import Path

from harness.boot.session import Limits, Plan, Session
from harness.plan.cells import Cell
from harness.run.accelerators import Emulators
from harness.run.attempt import make_machine
from harness.store import Store
from tests.bench.floors import cell, prepared_in, say, scratch

CELLS = {
    "x86_64-hyperv-gen1.minimal.matched.direct": 12,
    "x86_64-hyperv-gen2.minimal.matched.direct": 12,
    "x86_64-hyperv-gen1.minimal.distro.direct": 20,
    "x86_64-hyperv-gen2.minimal.distro.direct": 20,
}
BESIDE = "x86_64-baremetal-bios.minimal.distro.direct"


async def seconds_until_ready(one: Cell, emulators: Emulators) -> float:
    """CPU seconds of one boot."""
    emulator = await emulators.of(one.target, one.kernel)
    with scratch() as folder:
        files = prepared_in(folder, one)
        machine = make_machine(one, files, emulator=emulator, board=None, folder=folder)
        limits = Limits(one.target.boot.silence, one.target.boot.deadline)
        async with Session(machine, Plan(files.rungs(True), limits), records=folder, name="bench") as session:
            await session.until_ready()
            return _used(machine.pid)


def _used(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


async def main(rounds: int) -> None:
    """The command."""
    emulators = Emulators(Store(), lambda _: None)
    used: dict[str, list[float]] = {name: [] for name in (BESIDE, *CELLS)}
    for _ in range(rounds):
        for name, seconds in used.items():
            seconds.append(await seconds_until_ready(cell(name), emulators))
    plain = statistics.median(used[BESIDE])
    say("beside", f"{BESIDE}: {plain:.1f} CPU s until ready")
    for name, floor in CELLS.items():
        taken = statistics.median(used[name])
        say("nested", f"{name}: {taken:.1f} CPU s until ready (floor {floor}), {taken / plain:.1f}x of it")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
