"""`bootmatrix console CELL`: boot a cell with its console on this terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

from harness.commands.project import Selection, warn
from harness.errors import InputError
from harness.machine.board.binding import BoundBoard
from harness.machine.board.load import find_lab, load_lab
from harness.machine.protocol import Fact, Machine, Port, Sink
from harness.run.accelerators import Emulators
from harness.run.attempt import make_machine
from harness.run.cellwork import CellWork
from harness.store import Store
from harness.words import Source

ESCAPE = b"\x1d"  # Ctrl-], as telnet has it


def console(name: str, *, matrix: Path | None = None, lab: Path | None = None) -> int:
    """Boot the one cell that `name` stands for; Ctrl-] switches it off. Raises InputError when it names several."""
    plan, cells = Selection([name], matrix=matrix).cells()
    if len(cells) > 1:
        raise InputError(f"{name!r} names {len(cells)} cells", hint=f"choose one, such as {cells[0].id}")
    board = load_lab(find_lab(lab, plan.matrix.parent), plan.catalog).board_for(cells[0].target.name)
    store = Store()
    work = CellWork(cells[0], store, board=board)
    with tempfile.TemporaryDirectory(prefix="bootmatrix-") as scratch:
        return asyncio.run(_attached(work, store, board, Path(scratch)))


async def _attached(work: CellWork, store: Store, board: BoundBoard | None, folder: Path) -> int:
    prepared = await asyncio.to_thread(work.prepare, folder, lambda text: warn(f"{work.id}: {text}"))
    for finding in prepared.findings:  # whoever watches a boot may want to see it fail
        warn(f"preflight: {finding.level}: {finding}")
    emulator = None if board else await Emulators(store, warn).of(work.target, work.axes[1])
    machine = make_machine(work, prepared, emulator=emulator, board=board, folder=folder)
    ended = asyncio.Event()

    def received(port: Port, chunk: bytes) -> None:
        if port is Port.CONSOLE:
            # Whoever attaches a terminal wants what the guest draws, escape sequences and all.
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()

    def happened(fact: Fact) -> None:
        if fact.source is Source.PROCESS:
            warn(f"\r\n{fact.text}\r")
            ended.set()

    warn(f"{work.id} on {machine.name}; Ctrl-] switches it off")
    with _raw_terminal():
        try:
            await machine.power_on(Sink(received, happened))
            _type_into(machine, ended)
            await ended.wait()
        finally:
            with contextlib.suppress(ValueError, PermissionError):
                asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            await machine.power_off()
    return 0


def _type_into(machine: Machine, ended: asyncio.Event) -> None:
    """What is typed goes to the guest; the end of the input, or Ctrl-], ends it."""

    def typed() -> None:
        data = os.read(sys.stdin.fileno(), 4096)
        before, escape, _ = data.partition(ESCAPE)
        if before:
            machine.write(Port.CONSOLE, before)
        if escape or not data:
            ended.set()

    # A file or /dev/null on the input cannot be waited for (epoll refuses it): then there is nothing to type.
    with contextlib.suppress(PermissionError):
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), typed)


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    if not sys.stdin.isatty():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
