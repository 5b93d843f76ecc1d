"""`bootmatrix run` as people and scripts use it: what it prints, records and ends with."""

from __future__ import annotations

import json
import os
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.boot.conftest import ROOT, Ended, bootmatrix_argv

CELL = "arm64-cloud-virt"


def test_a_run_leaves_every_record(bootmatrix: Callable[..., Ended]) -> None:
    ended = bootmatrix("run", CELL, "--json")
    assert ended.status == 0, ended.stderr
    assert json.loads(ended.stdout) == ended.record
    cell = ended.cell
    assert (cell["verdict"], cell["outcome"], cell["missing"]) == ("pass", "ready", [])
    names = [step["name"] for step in cell["milestones"]]
    assert names[:3] == ["kernel", "init", "system"]
    assert names[-1] == "poweroff"
    assert set(names[-3:-1]) == {"devices", "shell"}
    times = [step["at"] for step in cell["milestones"]]
    assert times == sorted(times)
    assert {"results.json", "junit.xml", "summary.md", "index.html"} <= {path.name for path in ended.run_dir.iterdir()}
    log = (ended.run_dir / cell["console"]).read_bytes()
    assert b"Linux version" in log
    events = [json.loads(line) for line in (ended.run_dir / "console" / f"{cell['cell']}.jsonl").open()]
    assert {"console", "qmp", "process", "harness"} <= {event["source"] for event in events}
    assert any(event.get("kind") == "SHUTDOWN" for event in events)


def test_the_recorded_command_boots_it_again_by_hand(bootmatrix: Callable[..., Ended]) -> None:
    command = shlex.split(bootmatrix("run", CELL).cell["command"])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as qemu:
        assert qemu.stdout is not None
        seen = b""
        until = time.monotonic() + 120
        while b"step=ready status=0" not in seen and time.monotonic() < until:
            if select.select([qemu.stdout], [], [], 1)[0]:
                seen += os.read(qemu.stdout.fileno(), 65536)
        qemu.kill()
    assert b"step=ready status=0" in seen


def _started(out: Path) -> subprocess.Popen[bytes]:
    """A run in a process of its own, far enough that its guest prints."""
    run = subprocess.Popen(
        bootmatrix_argv("run", CELL, "--out", str(out)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if b": kernel " in line:
            return run
    raise AssertionError("the guest's kernel never started")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _ended(pid: int) -> bool:
    """Wait for the end of a process that is not ours to reap."""
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended = bool(select.select([watch], [], [], 10)[0])
    os.close(watch)
    return ended


def test_ctrl_c_leaves_a_record_and_nothing_running(tmp_path: Path) -> None:
    with _started(tmp_path / "run") as run:
        (qemu,) = _children(run.pid)
        run.send_signal(signal.SIGINT)
        assert run.stderr is not None
        run.stderr.read()
        assert run.wait(30) == 130
    assert _ended(qemu)
    record = json.loads((tmp_path / "run" / "results.json").read_text())
    assert record["interrupted"] is True
    assert [cell["verdict"] for cell in record["cells"]] == ["skip"]
    assert (tmp_path / "run" / "junit.xml").exists()


def test_kill_9_on_the_harness_ends_its_qemu(tmp_path: Path) -> None:
    with _started(tmp_path / "run") as run:
        (qemu,) = _children(run.pid)
        run.kill()
        run.wait()
    assert _ended(qemu)


def test_a_killed_qemu_is_named(tmp_path: Path) -> None:
    """Every QEMU of the cell is killed, so that the retry for host errors does not help."""
    with _started(tmp_path / "run") as run:
        assert run.stderr is not None
        os.kill(_children(run.pid)[0], signal.SIGKILL)
        for line in run.stderr:
            if b": kernel " in line:
                os.kill(_children(run.pid)[0], signal.SIGKILL)
        assert run.wait(60) == 3
    (cell,) = json.loads((tmp_path / "run" / "results.json").read_text())["cells"]
    assert (cell["verdict"], cell["outcome"]) == ("error", "machine-died")
    assert "killed by SIGKILL" in cell["cause"]
    assert len(cell["attempts"]) == 2


def test_a_pass_after_a_killed_qemu_is_flaky(tmp_path: Path) -> None:
    with _started(tmp_path / "run") as run:
        assert run.stderr is not None
        os.kill(_children(run.pid)[0], signal.SIGKILL)
        run.stderr.read()
        assert run.wait(60) == 0
    (cell,) = json.loads((tmp_path / "run" / "results.json").read_text())["cells"]
    assert cell["verdict"] == "flaky"
    assert "passed on attempt 2" in cell["cause"]
