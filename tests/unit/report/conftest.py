"""A small run with one cell of each verdict, and text as a hostile guest would print it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.report.results import (
    AcceleratorRecord,
    AttemptRecord,
    CellRecord,
    Durations,
    HostRecord,
    MilestoneRecord,
    RunRecord,
)
from harness.words import Arch, Outcome, Source, TargetClass, Verdict

HOSTILE = (
    "</script><img src=x onerror=alert(1)> ]]> &amp; <a href='javascript:x'>| `` ``` | "
    "\x1b]0;owned\x07\x1b[2J\x00\x9b31m\r\n\u202egpj.exe\u2066 \ud800 \ufffe \ufeff @everyone ![x](http://evil/)"
)
TCG = AcceleratorRecord(name="tcg", reason="/dev/kvm is missing")
Make = Callable[..., Any]


def marks(*pairs: tuple[str, float]) -> tuple[MilestoneRecord, ...]:
    return tuple(MilestoneRecord(name=name, at=at, source=Source.CONSOLE, line=f"the {name}") for name, at in pairs)


def make_cell(cell: str = "x86_64-cloud-microvm/minimal", **changes: Any) -> CellRecord:
    boot = changes.get("durations", Durations(build=0.25, boot=1.5, teardown=0.05))
    facts: dict[str, Any] = {
        "cell": cell,
        "target": cell.split("/", maxsplit=1)[0],
        "arch": Arch.X86_64,
        "class": TargetClass.CLOUD,
        "image": "minimal",
        "kernel": "distro",
        "media": "direct",
        "machine": "microvm",
        "verdict": Verdict.PASS,
        "outcome": Outcome.READY,
        "accelerator": TCG,
        "attempts": (AttemptRecord(verdict=Verdict.PASS, outcome=Outcome.READY),),
        "milestones": marks(("kernel", 0.4), ("init", 0.9), ("ready", 1.5)),
        "durations": boot,
        "artefacts": {"kernel": "kernel/vmlinuz"},
        "command": "qemu-system-x86_64 -M microvm -append 'console=ttyS0 quiet'",
    }
    return CellRecord(**(facts | changes))


def make_run(*cells: CellRecord, **changes: Any) -> RunRecord:
    facts: dict[str, Any] = {
        "run": "2026-01-02T03-04-05",
        "started": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "seconds": 12.5,
        "host": HostRecord(
            python="3.11.7",
            kernel="6.1.0",
            machine="x86_64",
            cpus=2,
            memory_mib=4096,
            qemu={"qemu-system-x86_64": "10.0.2"},
            accelerator={Arch.X86_64: TCG, Arch.ARM64: TCG},
        ),
        "cells": cells,
    }
    return RunRecord(**(facts | changes))


@pytest.fixture
def cell() -> Make:
    """Makes a cell that passes, with changes."""
    return make_cell


@pytest.fixture
def run() -> Make:
    """Makes a run of cells, with changes."""
    return make_run


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def mixed(tmp_path: Path) -> RunRecord:
    """A run with one cell of each verdict, its console logs in `tmp_path`."""
    console = tmp_path / "console"
    console.mkdir()
    console.joinpath("failed.log").write_bytes(
        b"[    0.1] Linux version 6.1\r\n[    1.2] Kernel panic - not syncing\r\n\r\n"
    )
    console.joinpath("first.log").write_bytes(b"\x1b[0;32mstarting\x1b[0m\nnothing more\n")
    panic = "Kernel panic - not syncing: VFS: Unable to mount root fs"
    failed = make_cell(
        "arm64-cloud-virt/minimal",
        arch=Arch.ARM64,
        machine="virt",
        verdict=Verdict.FAIL,
        outcome=Outcome.KERNEL_PANIC,
        cause=panic,
        milestones=marks(("kernel", 0.4)),
        missing=("init", "ready"),
        console="console/failed.log",
        attempts=(AttemptRecord(verdict=Verdict.FAIL, outcome=Outcome.KERNEL_PANIC, cause=panic),),
        command="qemu-system-aarch64 -M virt",
    )
    flaky = make_cell(
        "raspi3b/minimal",
        verdict=Verdict.FLAKY,
        attempts=(
            AttemptRecord(
                verdict=Verdict.FAIL,
                outcome=Outcome.HANG,
                cause="no sign of life for 40 s",
                console="console/first.log",
            ),
            AttemptRecord(verdict=Verdict.PASS, outcome=Outcome.READY),
        ),
    )
    untried: dict[str, Any] = {
        "outcome": None,
        "attempts": (),
        "milestones": (),
        "durations": Durations(),
        "command": "",
    }
    error = make_cell("sabrelite/minimal", verdict=Verdict.ERROR, cause="qemu-system-arm is missing", **untried)
    skip = make_cell("lab-board/minimal", verdict=Verdict.SKIP, cause="no such board in lab.yml", **untried)
    return make_run(failed, make_cell(), flaky, error, skip)
