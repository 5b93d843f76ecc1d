"""`bootmatrix explain`: the story of a cell, from records made by hand."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.commands.explain import explain_command
from harness.errors import InputError
from harness.report.results import (
    CauseRecord,
    CellRecord,
    ForensicsRecord,
    HostRecord,
    MilestoneRecord,
    RunRecord,
    read,
    write,
)
from harness.words import Arch, Outcome, Source, TargetClass, Verdict


def a_run(reports: Path, name: str, cause: str, *, age: int, verdict: Verdict = Verdict.FAIL) -> Path:
    """A run of one cell that hung after its kernel."""
    run_dir = reports / name
    (run_dir / "console").mkdir(parents=True)
    (run_dir / "console" / "c.log").write_bytes(b"one\nlast \x1b]0;evil\x07words\n")
    cell = CellRecord(
        cell="box.minimal.distro.direct",
        target="box",
        arch=Arch.ARM64,
        class_=TargetClass.CLOUD,
        image="minimal",
        kernel="distro",
        media="direct",
        machine="virt",
        verdict=verdict,
        outcome=Outcome.HANG,
        cause=cause,
        milestones=(MilestoneRecord(name="kernel", at=0.5, source=Source.CONSOLE),),
        missing=("init", "ready"),
        command="qemu-system-aarch64 -M virt",
        console="console/c.log",
        forensics=ForensicsRecord(cpus=("spin+0x10, runs, interrupts masked",), kernel_log=("initcall \x1b[2Jx",)),
    )
    host = HostRecord(python="3.11", kernel="Linux", machine="x86_64", cpus=2, memory_mib=1)
    path = write(run_dir, RunRecord(run=name, started=datetime.now(UTC), seconds=1, host=host, cells=(cell,)))
    os.utime(path, ns=(10**18 - age, 10**18 - age))
    return run_dir


def test_the_story_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain_command(str(a_run(tmp_path, "one", "it hung", age=0))) == 0
    assert capsys.readouterr().out.splitlines() == [
        "box.minimal.distro.direct: fail, hang",
        "reached:   kernel 0.5 s",
        "next:      init, which never came",
        "cause:     it hung",
        "console:   one",
        "           last \\x1b]0;evil\\x07words",
        "CPU 0:     spin+0x10, runs, interrupts masked",
        "in memory: initcall \\x1b[2Jx",
        "again:     qemu-system-aarch64 -M virt",
    ]


@pytest.mark.parametrize("name", ["box", "box.minimal.distro.direct"])
def test_a_cell_is_that_of_the_newest_run(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    a_run(tmp_path, "newest", "newer", age=0)
    a_run(tmp_path, "a", "older", age=10**9)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "results.json").write_text("{")
    explain_command(name, tmp_path)
    told = capsys.readouterr().out
    assert "cause:     newer" in told
    assert "older" not in told


def test_a_run_in_which_all_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explain_command(str(a_run(tmp_path, "good", "", age=0, verdict=Verdict.PASS)))
    assert capsys.readouterr().out == "every cell passed\n"


def test_neither_a_run_nor_a_cell(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'no\\x1bbox' is neither"):
        explain_command("no\x1bbox", tmp_path)


def test_the_cause_and_its_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_dir = a_run(tmp_path, "one", "it hung", age=0)
    record = read(run_dir)
    cause = CauseRecord(
        id="x",
        text="no driver\x1b[2J",
        evidence=("CONFIG_X is not set", "Waiting for root"),
        next="set CONFIG_X=y",
        broken=("root.hasty: KeyError",),
    )
    cell = record.cells[0].model_copy(update={"diagnosis": cause})
    write(run_dir, record.model_copy(update={"cells": (cell,)}))
    assert explain_command(str(run_dir)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[3:9] == [
        "cause:     no driver\\x1b[2J",
        "evidence:  CONFIG_X is not set",
        "           Waiting for root",
        "do:        set CONFIG_X=y",
        "broken:    root.hasty: KeyError",
        "not tried: it hung",
    ]
