"""A machine for a vendor's own tests that does not come up: what its user reads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import pytest

import harness.run.booted as booted_module
from harness.errors import HostError
from harness.machine.board.binding import BoundBoard
from harness.machine.board.lab import Board, Power
from harness.report.progress.plain import PlainProgress
from harness.run.booted import BootedMachine, GuestNotReady
from harness.run.cellwork import CellWork
from harness.store import Store
from tests.unit.boot.fakes import BANNER, FakeMachine
from tests.unit.run.test_engine import FakeWork

NO_INIT = (
    "[    1.0] Run /init as init process\r\n"
    "[    1.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000300\r\n"
)


def booted(machine: FakeMachine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BootedMachine:
    def made(*_: Any, **__: Any) -> FakeMachine:
        return machine

    monkeypatch.setattr(booted_module, "make_machine", made)
    work = cast("CellWork", FakeWork("cell"))
    power = Power(on=(sys.executable,), off=(sys.executable,))
    board = BoundBoard("desk", Board(target="cell", console="/dev/null", power=power), tmp_path)
    progress = PlainProgress(sys.stderr)
    return BootedMachine(work, Store(tmp_path / "store"), folder=tmp_path, progress=progress, board=board)


def test_the_cause_the_evidence_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(machine: FakeMachine) -> None:
        machine.say(f"{BANNER}\r\n{NO_INIT}".encode())

    with pytest.raises(GuestNotReady) as told:
        booted(FakeMachine(dies), tmp_path, monkeypatch)
    lines = str(told.value).splitlines()
    assert lines[0].startswith("cell is not up: init-died: ")
    assert lines[1] == "cause:     init ended with status 3, which it must never do"
    assert any(line.startswith("evidence:  Kernel panic - not syncing: Attempted to kill init!") for line in lines)
    assert any(line.startswith("do:        ") for line in lines)
    assert lines[-1].endswith("; again by hand: fake --boot")


def test_a_machine_that_the_host_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(_: FakeMachine) -> None: ...

    said = "qemu exited with status 1: cannot set up guest memory 'ram': Cannot allocate memory"
    with pytest.raises(GuestNotReady) as told:
        booted(FakeMachine(nothing, fails=said), tmp_path, monkeypatch)
    lines = str(told.value).splitlines()
    assert lines[0] == f"cell is not up: {said}"
    assert any(line.startswith("cause: ") and "memory" in line for line in lines)


def test_what_a_guest_says_reaches_no_terminal_raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(machine: FakeMachine) -> None:
        machine.say(
            f"{BANNER}\r\n[    1.1] Kernel panic - not syncing: \x07\x1b]0;owned\x07 {chr(0x202E)}\r\n".encode()
        )

    with pytest.raises(GuestNotReady) as told:
        booted(FakeMachine(dies), tmp_path, monkeypatch)
    assert all(line.isprintable() for line in str(told.value).splitlines())
    assert not isinstance(told.value, HostError)
