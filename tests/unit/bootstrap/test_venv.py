"""The checkout's virtual environment: made, found broken, made again, never by two calls at once."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess

import pytest

from tests.unit.bootstrap.stage import Stage

PIP = "python -m pip install"


def test_python_that_is_too_old_is_passed_over(stage: Stage) -> None:
    """The first python3 has no venv (it prints nothing); the system's own is good."""
    good = stage.system / "usr/bin/python3"
    good.parent.mkdir(parents=True)
    shutil.copy(stage.folder / "bin/python3", good)
    stage.tell(python=good)
    stage.stub("python3", "exit 1\n")
    done = stage.run("x")
    assert done.returncode == 7, done.stderr
    assert f"with {good}" in done.stderr


def test_no_python(stage: Stage) -> None:
    stage.stub("python3")
    done = stage.run("x", BOOTMATRIX_NO_INSTALL="1")
    assert done.returncode == 3
    assert "Python >= 3.11 with its venv module" in done.stderr


def test_failing_index_is_tried_three_times_and_then_taken_up(stage: Stage) -> None:
    stage.tell(pip=1)
    done = stage.run("x")
    assert (done.returncode, done.stdout) == (3, "")
    assert "installing the Python packages failed 3 times" in done.stderr
    assert "no route to the package index" in done.stderr
    assert len(stage.calls(PIP)) == 3
    stage.tell(pip=0)
    done = stage.run("x")
    assert (done.returncode, done.stdout) == (7, "x\0")
    assert ".venv is incomplete" in done.stderr


@pytest.mark.parametrize("lost", ["bin/python", "bin/bootmatrix", ".bootmatrix-python", "bin"])
def test_broken_environment_is_repaired(ready: Stage, lost: str) -> None:
    path = ready.venv / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    done = ready.run("x")
    assert (done.returncode, done.stdout) == (7, "x\0")
    assert len(ready.calls(PIP)) == 1


def test_python_gone_after_an_upgrade_of_the_system(ready: Stage) -> None:
    (ready.venv / "bin/python").unlink()
    (ready.venv / "bin/python").symlink_to("/nonexistent/python3.10")
    assert ready.run("x").stdout == "x\0"


def test_changed_pyproject_updates_in_place(ready: Stage) -> None:
    (ready.venv / "kept").touch()
    (ready.checkout / "pyproject.toml").write_text("[project]\nname = 'changed'\n")
    done = ready.run("x")
    assert done.returncode == 7
    assert "pyproject.toml has changed" in done.stderr
    assert len(ready.calls(PIP)) == 1
    assert (ready.venv / "kept").exists()


def test_moved_checkout_is_made_anew(ready: Stage) -> None:
    moved = Stage(ready.folder, ready.folder / "moved")
    ready.checkout.rename(moved.checkout)
    done = moved.run("x")
    assert done.returncode == 7
    assert "has moved" in done.stderr
    assert moved.calls("python3 -m venv") == [f"python3 -m venv {moved.venv}"]


def test_environment_of_the_user_is_kept(stage: Stage) -> None:
    stage.venv.mkdir()
    (stage.venv / "precious").write_text("mine")
    done = stage.run("x")
    assert done.returncode == 7
    (kept,) = stage.checkout.glob(".venv.old.*")
    assert (kept / "precious").read_text() == "mine"
    assert kept.name in done.stderr


def read_until(process: subprocess.Popen[str], words: str) -> None:
    """Wait for the line of stderr that has `words`."""
    assert process.stderr
    seen = []
    for line in process.stderr:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"no {words!r} in {seen}")


def test_two_calls_at_once_install_once(stage: Stage) -> None:
    gate = stage.folder / "gate"
    os.mkfifo(gate)
    first = stage.start("first")
    read_until(first, "installing the Python packages")
    second = stage.start("second")
    read_until(second, "waiting for another call")
    gate.write_text("go on\n")
    out_first, _ = first.communicate(timeout=60)
    out_second, _ = second.communicate(timeout=60)
    assert (out_first, first.returncode) == ("first\0", 7)
    assert (out_second, second.returncode) == ("second\0", 7)
    assert len(stage.calls(PIP)) == 1


@pytest.mark.parametrize("util_linux", [True, False])
def test_nothing_is_made_while_another_call_has_the_lock(stage: Stage, util_linux: bool) -> None:
    if not util_linux:
        stage.remove("flock")
    with (stage.checkout / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        call = stage.start("x")
        read_until(call, "waiting for another call")
        with pytest.raises(subprocess.TimeoutExpired):
            call.wait(timeout=0.7)
        assert not stage.calls("python3 -m venv")
        assert not stage.calls("qemu")
    out, _ = call.communicate(timeout=60)
    assert (out, call.returncode) == ("x\0", 7)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_interrupted_installation_is_made_anew(stage: Stage, number: int, status: int) -> None:
    gate = stage.folder / "gate"
    os.mkfifo(gate)
    call = stage.start("x")
    # opening a FIFO for writing waits for its reader: pip is at work now
    with gate.open("w"):
        os.killpg(call.pid, number)
        call.communicate(timeout=60)
    assert call.returncode == status
    gate.unlink()
    assert not stage.calls("bootmatrix")
    done = stage.run("x")
    assert (done.returncode, done.stdout) == (7, "x\0")
    assert ".venv is incomplete" in done.stderr
