"""What the script passes on, and what a second call costs."""

from __future__ import annotations

import pytest

from tests.unit.bootstrap.stage import QEMUS, Stage


def test_arguments_status_and_stdin_are_passed_on(ready: Stage) -> None:
    args = ["-", "two words", "new\nline", "", "*", "$HOME `id`", "quote'\"", "-x"]
    done = ready.run(*args, stdin="from stdin")
    assert done.stdout == "".join(arg + "\0" for arg in args) + "from stdin"
    assert (done.returncode, done.stderr) == (7, "")


def test_first_call_keeps_stdin_and_stdout_for_the_command(stage: Stage) -> None:
    stage.remove("qemu-img")
    stage.tell(candidate="1:10.0.2")
    done = stage.run("-", stdin="from stdin")
    assert (done.stdout, done.returncode) == ("-\0from stdin", 7)
    assert "installing by apt" in done.stderr
    assert "installing the Python packages" in done.stderr
    assert not stage.calls("lock leaked")


def test_second_call_starts_nothing(ready: Stage) -> None:
    assert ready.run("x").returncode == 7
    assert ready.calls() == ["bootmatrix x"]


def test_test_runs_pytest_in_the_checkout(ready: Stage) -> None:
    done = ready.run("test", "-m", "a and b", "tests/unit")
    assert (done.returncode, done.stderr) == (5, "")
    assert (ready.folder / "pytest").read_text() == "-m\0a and b\0tests/unit\0"
    assert (ready.folder / "pytest-in").read_text() == f"{ready.checkout}\n"


def test_called_through_a_symlink_and_by_a_relative_path(ready: Stage) -> None:
    (ready.folder / "bin" / "bm").symlink_to(ready.script)
    link = Stage(ready.folder, ready.folder / "elsewhere")
    link.checkout.mkdir()
    link.script.symlink_to(ready.script)
    assert link.run("x").stdout == "x\0"
    assert ready.calls() == ["bootmatrix x"]


def test_without_arguments(ready: Stage) -> None:
    assert ready.run().stdout == "\0"  # printf's way to show no argument
    assert ready.calls() == ["bootmatrix "]


def test_replaced_qemu_is_looked_at_again(ready: Stage) -> None:
    ready.stub(QEMUS[0], 'echo "QEMU emulator version 11.1.50"\n')
    assert ready.run("x").returncode == 7
    assert ready.calls(QEMUS[0]) == [f"{QEMUS[0]} --version"]
    assert not ready.calls("apt-get")
    ready.forget()
    assert ready.run("x").returncode == 7
    assert ready.calls() == ["bootmatrix x"]


@pytest.mark.parametrize("version", ["7.2.22", "9.2.4"])
def test_downgraded_qemu_is_noticed(ready: Stage, version: str) -> None:
    ready.tell(qemu=version)
    for name in QEMUS:
        ready.stub(name, 'echo "QEMU emulator version $(told qemu)"\n')
    done = ready.run("x", BOOTMATRIX_NO_INSTALL="1")
    assert done.returncode == 3
    assert f"is version {version}" in done.stderr


@pytest.mark.parametrize("gone", ["depmod", "qemu-img", "dpkg-deb"])
def test_removed_tool_is_noticed(ready: Stage, gone: str) -> None:
    ready.remove(gone)
    done = ready.run("x", BOOTMATRIX_NO_INSTALL="1")
    assert (done.returncode, done.stdout) == (3, "")
    assert gone in done.stderr


def test_read_only_checkout_works_once_complete(ready: Stage) -> None:
    """Somebody else's checkout: the host stamp no longer fits and cannot be written, and all is there."""
    (ready.venv / ".bootmatrix-host").unlink()
    lock = ready.checkout / ".venv.lock"
    lock.unlink()
    lock.mkdir()  # not even root can open it for writing
    assert ready.run("x").stdout == "x\0"
