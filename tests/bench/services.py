"""From the kernel's start of PID 1 to all services ready, against the same containers started by hand.

    python -m tests.bench.services [TARGET...] [--pairs N] [--marks]

Image `sshd`. By hand (`by_hand.sh`): the same kernel, and in the very same initrd a shell script in the place of our
init, which runs the same onboot containers by runc and the same service by containerd. Both are measured from the line
that the kernel prints before it runs PID 1, so that all our init does counts. The guest's clock counts instructions
(QEMU's `-icount`), 2 ns each, and skips what is only waited for: what the host does besides is not in it. Beside it the
CPU time that QEMU takes, in which it is. Floor: 1.3 times.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from harness.image import cpio
from harness.image.entries import file
from harness.machine.qemu.argv import Media
from harness.machine.qemu.process import socket_pair
from harness.plan.cells import Cell, plan
from harness.plan.select import select as chosen
from harness.run.cellwork import CellWork
from harness.run.work import Prepared
from harness.store import Store
from tests.bench.bare import bare_argv

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("arm64-cloud-virt", "x86_64-cloud-kvm")
FLOOR = 1.3
SCRIPT = "by-hand"
_CLOCK = ("-icount", "shift=1,sleep=off")
_STAMPED = re.compile(rb"\[ *(\d+\.\d+)\] (.*)")
_BEGUN = re.compile(rb"Run /\S+ as init process")
_TOLD = re.compile(rb"(?:bootmatrix: step|by-hand: done)=(?P<name>\S+)(?: status=(?P<status>\d+))?")


@dataclass(frozen=True, slots=True)
class Mark:
    """A step that was told of: seconds since PID 1 was run, by the guest's clock, and of QEMU's CPU time."""

    name: str
    guest: float
    cpu: float


def with_script(media: Media, folder: Path) -> Media:
    """The initrd with one file more behind it, which nobody runs unless the command line says so."""
    archive = BytesIO()
    cpio.write([file(SCRIPT, (ROOT / "tests/bench/by_hand.sh").read_bytes(), executable=True)], archive)
    assert media.initrd
    packed = media.initrd.read_bytes()
    path = folder / "initrd"
    path.write_bytes(packed + bytes(-len(packed) % 4) + archive.getvalue())  # the kernel skips zeros between archives
    return replace(media, initrd=path)


def by_hand(media: Media) -> Media:
    """The script as PID 1."""
    return replace(media, cmdline=(*media.cmdline, f"rdinit=/{SCRIPT}"))


def measured(cell: Cell, prepared: Prepared, folder: Path) -> list[Mark]:
    """One boot's marks, ended once all is ready. Raises RuntimeError where something failed."""
    console, theirs = socket_pair()
    channel, channel_theirs = socket_pair()
    argv = [*bare_argv(cell, prepared, theirs.fileno(), channel_theirs.fileno()), *_CLOCK]
    files = [theirs.fileno(), channel_theirs.fileno()]
    with console, channel, subprocess.Popen(argv, pass_fds=files, stdin=subprocess.DEVNULL, cwd=folder) as qemu:
        theirs.close()
        channel_theirs.close()
        try:
            return list(marks_on(console, qemu.pid))
        finally:
            qemu.kill()


def marks_on(console: socket.socket, pid: int) -> Iterator[Mark]:
    """The marks as they come, up to `ready`."""
    said, rest, begun = b"", b"", None
    while chunk := os.read(console.fileno(), 65536):
        used = cpu_seconds(pid)
        said += chunk
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if not (stamped := _STAMPED.match(line)):
                continue
            at = float(stamped[1])
            if _BEGUN.match(stamped[2]):
                begun = at, used
            elif told := _TOLD.match(stamped[2]):
                if begun is None or told["status"] not in (None, b"0"):
                    break
                yield Mark(told["name"].decode(), at - begun[0], used - begun[1])
                if told["name"] == b"ready":
                    return
    print(said.decode(errors="replace"), file=sys.stderr)
    raise RuntimeError("something failed, see above")


def cpu_seconds(pid: int) -> float:
    """Of all threads of a process so far (proc(5): schedstat, its first word, ns)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def compare(target: str, pairs: int, *, marks: bool) -> None:
    """Boot both in turn, and print the ratios."""
    (cell,) = chosen(plan(ROOT), [f"{target}.sshd.distro.direct"])
    work = CellWork(cell, Store())
    fitted = replace(cell, target=work.target)
    ours, bare = [], []
    for _ in range(pairs):
        with tempfile.TemporaryDirectory(prefix="bootmatrix-bench-") as scratch:
            folder = Path(scratch)
            prepared = work.prepare(folder, lambda _: None)
            media = with_script(prepared.media, folder)
            bare.append(measured(fitted, replace(prepared, media=by_hand(media)), folder))
            ours.append(measured(fitted, replace(prepared, media=media), folder))
        if marks:
            print("ours   ", *(f"{mark.name} {mark.guest:.2f}/{mark.cpu:.2f}" for mark in ours[-1]))
            print("by hand", *(f"{mark.name} {mark.guest:.2f}/{mark.cpu:.2f}" for mark in bare[-1]), flush=True)
    ready = [(mine[-1], theirs[-1]) for mine, theirs in zip(ours, bare, strict=True)]
    seconds = [statistics.median(pair[who].guest for pair in ready) for who in (0, 1)]
    guest = [mine.guest / theirs.guest for mine, theirs in ready]
    cpu = [mine.cpu / theirs.cpu for mine, theirs in ready]
    print(f"{target}: PID 1 to all services ready, {seconds[0]:.2f} s, by hand {seconds[1]:.2f} s of the guest's clock")
    print(f"  x by hand, guest's clock: {spread(guest)}; CPU time: {spread(cpu)}; {pairs} pairs; floor {FLOOR}")


def spread(values: list[float]) -> str:
    """Median, and the extremes."""
    return f"{statistics.median(values):.2f} (min {min(values):.2f}, max {max(values):.2f})"


def main() -> None:
    """Measure the targets named, or both; nothing is asserted, the figures are printed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--marks", action="store_true", help="print each mark's seconds, guest's clock and CPU time")
    asked = parser.parse_args()
    for target in asked.targets or TARGETS:
        compare(target, asked.pairs, marks=asked.marks)


if __name__ == "__main__":
    main()
