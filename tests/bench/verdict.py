"""How late a verdict is: after the line that decides, and of a guest that hangs, after its budget of silence.

    python -m tests.bench.verdict [ROUNDS]

A panic is booted once and recorded; then its console is said again at its own pace, each time with the line of another
rule at its end, through a terminal into the same session as a board's. Guests that hang are real ones: one that halts,
one that spins, and a recording that stops. All of it alone, and beside four busy loops. Exit status 1: a floor is
broken.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from harness.boot.judge import Ruling
from harness.boot.session import Limits, Plan, Session
from harness.diagnosis.catalogue import all_rules
from harness.machine.protocol import Machine, Port
from harness.machine.qemu.machine import QemuMachine
from harness.plan.cells import Cell
from harness.run.work import Prepared
from harness.words import Outcome
from tests.bench.floors import cell, prepared_in, say, scratch
from tests.bench.load import LOOPS, busy
from tests.bench.replay import ReplayedMachine

LATEST = 100.0  # ms from the decisive line to the verdict
PATIENCE = 1.5  # of the budget of silence, in the machine's own time
SILENCE = 6.0  # seconds of budget
UNHURRIED = 60.0  # seconds of it where a line is to decide, however late the replay gets to run
HANGS = {
    "halts": ("rdinit=/bin/sh", "--", "-c", '"read x"'),
    "spins": ("rdinit=/bin/sh", "--", "-c", '"while :; do :; done"'),
}

Recording = list[tuple[float, str]]


async def recorded(one: Cell, files: Prepared, folder: Path) -> Recording:
    """The console of a panic, until the verdict: what came in, and when (seconds since power-on)."""
    machine = QemuMachine(one.target, files.media, accelerator="tcg", folder=folder)
    heard: Recording = []
    session = Session(machine, Plan(files.rungs(True), Limits(60, 120)), records=folder, name="recorded")
    session.stream.tap(lambda _, chunk: heard.append((session.stream.now(), chunk.decode("latin-1"))))
    async with session:
        await session.until_over()
    return heard


def ending(heard: Recording, line: str) -> Recording:
    """The recording up to where it panicked, then a line of another rule."""
    whole = "".join(text for _, text in heard)
    end = whole.index("Kernel panic")
    kept: Recording = []
    for at, text in heard:
        kept.append((at - heard[0][0], text[: max(0, end - sum(len(piece) for _, piece in kept))]))
    return [*((at, text) for at, text in kept if text), (kept[-1][0], f"\r\n{line}\r\n")]


@dataclass(frozen=True, slots=True)
class Ruled:
    """A verdict; when it was out, and when the last bytes before it had been read (CLOCK_MONOTONIC).

    `share`: how much of the budget of silence had gone by, in the machine's own time.
    """

    ruling: Ruling
    at: float
    read: float
    share: float


async def verdict_of(machine: Machine, files: Prepared, folder: Path, silence: float) -> Ruled:
    """Boot it until something is ruled."""
    ruled: list[Ruled] = []
    signs = [(time.monotonic(), 0.0)]

    def note(ruling: Ruling) -> None:
        now, (sign, held) = time.monotonic(), signs[-1]
        ruled.append(Ruled(ruling, now, sign, (now - sign - (machine.held_back() - held)) / silence))

    plan = Plan(files.rungs(True), Limits(silence, 10 * silence), ruled=note)
    session = Session(machine, plan, records=folder, name="verdict")
    session.stream.tap(
        lambda port, _: signs.append((time.monotonic(), machine.held_back())) if port is Port.CONSOLE else None
    )
    async with session:
        await session.until_over()
    return ruled[0]


def latencies(heard: Recording, one: Cell, rounds: int) -> list[tuple[float, float]]:
    """Milliseconds from the writing of a decisive line to its verdict, and those after it was read; rule by rule."""
    found = []
    for rule in islice(cycle(rule for rule in all_rules() if rule.live), rounds):
        with scratch() as folder:
            recording = folder / "recording.json"
            recording.write_text(json.dumps(ending(heard, rule.example.split("\n")[0])))
            machine = ReplayedMachine(recording)
            ruled = asyncio.run(verdict_of(machine, prepared_in(folder, one), folder, UNHURRIED))
        if ruled.ruling.outcome is not rule.outcome:
            raise RuntimeError(f"{rule.name}: not seen, but {ruled.ruling}")
        found.append(((ruled.at - machine.said_at) * 1000, (ruled.at - ruled.read) * 1000))
    return found


def hangs(heard: Recording, one: Cell) -> Iterator[tuple[str, float]]:
    """How long each kind of hang was waited for, as a share of the budget."""
    for name, words in HANGS.items():
        with scratch() as folder:
            files = prepared_in(folder, one)
            files = replace(files, media=replace(files.media, cmdline=(*files.media.cmdline, *words)))
            machine = QemuMachine(one.target, files.media, accelerator="tcg", folder=folder)
            yield name, waited(asyncio.run(verdict_of(machine, files, folder, SILENCE)))
    with scratch() as folder:
        recording = folder / "recording.json"
        recording.write_text(json.dumps(ending(heard, "")))
        files = prepared_in(folder, one)
        yield "stops", waited(asyncio.run(verdict_of(ReplayedMachine(recording), files, folder, SILENCE)))


def waited(ruled: Ruled) -> float:
    """The share of the budget; it must be patience that ended the boot."""
    if ruled.ruling.outcome is not Outcome.HANG:
        raise RuntimeError(f"it was to hang, but {ruled.ruling}")
    return ruled.share


def main() -> int:
    """Print both figures, alone and under load, beside their floors."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    one = cell()
    broken = False
    with scratch() as folder:
        files = prepared_in(folder, one)
        words = (*files.media.cmdline, "rdinit=/nonexistent", "root=/dev/nothing")
        files = replace(files, media=replace(files.media, cmdline=words))
        heard = asyncio.run(recorded(one, files, folder))
    say("recorded", f"{heard[-1][0]:.1f} s of {one.id}, {len(heard)} pieces")
    for where, loops in (("alone", 0), (f"beside {LOOPS} loops", LOOPS)):
        with busy(loops):
            found = latencies(heard, one, rounds)
            waits = dict(hangs(heard, one))
        late, ours = zip(*found, strict=True)
        broken |= max(late) > LATEST or max(waits.values()) > PATIENCE
        say(
            where,
            f"verdict p50 {statistics.median(late):.1f} ms, max {max(late):.1f} ms of {rounds}; floor {LATEST:.0f}; "
            f"of it behind the read p50 {statistics.median(ours):.2f} ms, max {max(ours):.2f} ms",
        )
        shares = ", ".join(f"{name} {share:.2f}" for name, share in waits.items())
        say("", f"a hang is called after {shares} of its budget of {SILENCE:.0f} s; floor {PATIENCE}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
