"""The floors of the product, measured: `python -m tests.bench.floors [NAME...]`, by hand, on a host that has time.

Every figure is a ratio to, or stands beside, a baseline taken in the same run and in turn with it, for machines are
noisy. Nothing here asserts; it prints what was found and what it is to be held against.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.boot.dialogue import Shell
from harness.boot.judge import Ruling
from harness.boot.session import Limits, Plan, Session
from harness.machine.qemu.machine import QemuMachine
from harness.plan.cells import Cell, plan
from harness.plan.select import select
from harness.run.cellwork import CellWork
from harness.run.work import Prepared
from harness.store import Store
from tests.bench.bare import BareGuest

ROOT = Path(__file__).resolve().parents[2]
# What the harness sends for a command, so that both guests do the same work.
FRAMED = b"printf '\\001%%s\\n' Babcdef-%d; (:;true\n) </dev/null 2>&1; printf '\\n\\001%%s %%d\\n' Eabcdef-%d $?\n"
GUEST = "x86_64-cloud-kvm"  # about three seconds under TCG


def cell(name: str = GUEST) -> Cell:
    """A cell of the project's own matrix."""
    return select(plan(ROOT), [name])[0]


def prepared_in(folder: Path, one: Cell) -> Prepared:
    """The cell's files; its disks in `folder`."""
    return CellWork(one, Store()).prepare(folder, lambda _: None)


def say(name: str, text: str) -> None:
    """One finding."""
    print(f"{name:<16} {text}", flush=True)


def spread(values: Sequence[float]) -> str:
    """Median, and the extremes."""
    return f"{statistics.median(values):.3f} (min {min(values):.3f}, max {max(values):.3f})"


@contextmanager
def scratch() -> Any:
    """A folder for one measurement."""
    with tempfile.TemporaryDirectory(prefix="bootmatrix-bench-") as folder:
        yield Path(folder)


def overhead(rounds: int = 8) -> None:
    """One cell until `ready`, against a bare QEMU until the same line."""
    one = cell()
    ratios, differences, bares = [], [], []
    for _ in range(rounds):
        with scratch() as folder:
            files = prepared_in(folder, one)
            with BareGuest(one, files, folder) as guest:
                bare = guest.ready
            ours = asyncio.run(until_ready(one, files, folder))
        ratios.append(ours / bare)
        differences.append((ours - bare) * 1000)
        bares.append(bare)
    say(
        "one cell", f"x bare QEMU until ready: {spread(ratios)}; ms more: {spread(differences)}; bare s {spread(bares)}"
    )
    say("", "floor: at most 1.03 and 50 ms")


async def until_ready(one: Cell, files: Prepared, folder: Path) -> float:
    """Seconds from power-on."""
    machine = QemuMachine(one.target, files.media, accelerator="tcg", folder=folder)
    limits = Limits(one.target.boot.silence, one.target.boot.deadline)
    started = time.monotonic()
    async with Session(machine, Plan(files.rungs(True), limits), records=folder, name="bench") as session:
        await session.until_ready()
        return time.monotonic() - started


def command(rounds: int = 8) -> None:
    """The whole of `bootmatrix run CELL` against a bare QEMU from start to end."""
    one = cell()
    ratios = []
    for _ in range(rounds):
        with scratch() as folder:
            with BareGuest(one, prepared_in(folder, one), folder) as guest:
                bare = guest.power_off()
            started = time.monotonic()
            done = _bootmatrix("run", one.id, "--out", str(folder / "run"))
            ratios.append((time.monotonic() - started) / bare)
            if done.returncode:
                raise RuntimeError(f"the cell did not pass: {done.stderr[-2000:]}")
    say("whole command", f"x bare QEMU from start to end: {spread(ratios)}; floor: at most 1.12")


def _bootmatrix(*words: str) -> subprocess.CompletedProcess[str]:
    command_path = shutil.which("bootmatrix", path=str(Path(sys.executable).parent))
    argv = [command_path] if command_path else [sys.executable, "-c", "from harness.cli import main; main()"]
    return subprocess.run([*argv, *words], capture_output=True, text=True, cwd=ROOT, check=False)


def panic(rounds: int = 5) -> None:
    """A panic, from its line to the report, and to the end of the command."""
    one = cell()
    reports, ends = [], []
    for _ in range(rounds):
        with scratch() as folder:
            files = prepared_in(folder, one)
            broken = _with_words(files, ("rdinit=/nonexistent", "root=/dev/nothing"))
            told, line_at, ended = asyncio.run(_panicking(one, broken, folder))
        reports.append((told - line_at) * 1000)
        ends.append((ended - line_at) * 1000)
    say("panic", f"ms from its line to the report: {spread(reports)}; floor 100")
    say("", f"ms from its line to the machine's end: {spread(ends)}; floor 600")


def _with_words(files: Prepared, words: tuple[str, ...]) -> Prepared:
    return replace(files, media=replace(files.media, cmdline=(*files.media.cmdline, *words)))


async def _panicking(one: Cell, files: Prepared, folder: Path) -> tuple[float, float, float]:
    told: list[float] = []
    lines: list[float] = []

    def ruled(ruling: Ruling) -> None:
        told.append(time.monotonic())

    machine = QemuMachine(one.target, files.media, accelerator="tcg", folder=folder)
    session = Session(machine, Plan(files.rungs(True), Limits(60, 120), ruled=ruled), records=folder, name="bench")
    session.stream.tap(lambda _, chunk: lines.append(time.monotonic()) if b"Kernel panic" in chunk else None)
    async with session:
        await session.until_over()
    return told[0], lines[0], time.monotonic()


def killed(rounds: int = 5) -> None:
    """QEMU killed by SIGKILL: from the kill to the report with the signal's name."""
    one = cell()
    reports = []
    for _ in range(rounds):
        with scratch() as folder:
            reports.append(asyncio.run(_killed(one, prepared_in(folder, one), folder)) * 1000)
    say("QEMU killed", f"ms from SIGKILL to the report: {spread(reports)}; floor 100")


async def _killed(one: Cell, files: Prepared, folder: Path) -> float:
    told: list[float] = []
    machine = QemuMachine(one.target, files.media, accelerator="tcg", folder=folder)
    watch = Plan(files.rungs(True), Limits(60, 120), ruled=lambda _: told.append(time.monotonic()))
    async with Session(machine, watch, records=folder, name="bench") as session:
        spoken = asyncio.Event()
        session.stream.tap(lambda port, chunk: spoken.set())
        await spoken.wait()
        assert machine.pid
        at = time.monotonic()
        os.kill(machine.pid, signal.SIGKILL)
        await session.until_over()
    if "SIGKILL" not in session.judge.verdict().cause:
        raise RuntimeError(f"the signal is not named: {session.judge.verdict()}")
    return told[0] - at


def silent(seconds: float = 10) -> None:
    """What a silent guest costs the harness, in percent of one core."""
    one = cell()
    with scratch() as folder:
        files = prepared_in(folder, one)
        share = asyncio.run(_silent(one, _with_words(files, ("console=none",)), folder, seconds))
    say("silent guest", f"{share:.2f}% of a core; floor 1%")


async def _silent(one: Cell, files: Prepared, folder: Path, seconds: float) -> float:
    machine = QemuMachine(one.target, files.media, accelerator="tcg", folder=folder)
    async with Session(machine, Plan(files.rungs(True), Limits(300, 300)), records=folder, name="bench"):
        await asyncio.sleep(2)  # the firmware has had its say
        used, at = time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        return (time.process_time() - used) / (time.monotonic() - at) * 100


def listing(rounds: int = 10) -> None:
    """`bootmatrix list`, beside an interpreter that does nothing."""
    ours, nothing = [], []
    for _ in range(rounds):
        started = time.monotonic()
        _bootmatrix("list")
        ours.append(time.monotonic() - started)
        started = time.monotonic()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        nothing.append(time.monotonic() - started)
    say("list", f"s: {spread(ours)}; floor 0.3; an empty interpreter: {spread(nothing)}")


def commands(rounds: int = 7) -> None:
    """Ten commands in the guest, against the same ten over a raw socket to a guest of its own."""
    one = cell()
    with scratch() as ours, scratch() as theirs, BareGuest(one, prepared_in(theirs, one), theirs) as guest:
        ratios = asyncio.run(_commands(one, prepared_in(ours, one), ours, guest, rounds))
    say("ten commands", f"x a raw socket: {spread(ratios)}; floor 1.1")


async def _commands(one: Cell, files: Prepared, folder: Path, guest: BareGuest, rounds: int) -> list[float]:
    def raw_ten() -> float:
        started = time.monotonic()
        for number in range(10):
            guest.command(FRAMED % (number, number), b"\x01Eabcdef-%d 0" % number)
        return time.monotonic() - started

    def our_ten(shell: Shell) -> float:
        started = time.monotonic()
        for _ in range(10):
            shell.run("true")
        return time.monotonic() - started

    machine = QemuMachine(one.target, files.media, accelerator="tcg", folder=folder)
    ratios = []
    async with Session(machine, Plan(files.rungs(True), Limits(300, 300)), records=folder, name="bench") as session:
        await session.until_ready()
        shell = Shell(session.spawn())
        for number in range(rounds + 1):
            raw = await asyncio.to_thread(raw_ten)
            ratio = await asyncio.to_thread(our_ten, shell) / raw
            if number:  # the first round warms both guests
                ratios.append(ratio)
    return ratios


def suite() -> None:
    """The quick suite with warm caches."""
    with scratch() as folder:
        started = time.monotonic()
        done = _bootmatrix("run", "--suite", "quick", "--out", str(folder / "run"))
        say(
            "quick suite", f"{time.monotonic() - started:.1f} s, exit status {done.returncode}; floor 90 s on two cores"
        )


def flood() -> None:
    """200 MB of console output: speed and memory of the harness."""
    subprocess.run([sys.executable, "-m", "tests.bench.flood"], cwd=ROOT, check=True)


BENCHES: dict[str, Callable[[], None]] = {
    "overhead": overhead,
    "command": command,
    "panic": panic,
    "killed": killed,
    "silent": silent,
    "list": listing,
    "commands": commands,
    "flood": flood,
    "suite": suite,
}


def main() -> None:
    """Run the benches named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    for name in parser.parse_args().names or BENCHES:
        BENCHES[name]()


if __name__ == "__main__":
    main()
