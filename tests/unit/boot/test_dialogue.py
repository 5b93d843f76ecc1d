"""pexpect on a line that somebody else reads, and commands framed in a real shell on a real terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pexpect import TIMEOUT

from harness.boot.dialogue import KEPT, LONGEST_COMMAND, GuestGone, LineSpawn, Shell
from harness.errors import BootmatrixError


def spawn_of() -> tuple[LineSpawn, list[bytes]]:
    sent: list[bytes] = []
    return LineSpawn(sent.append, timeout=5), sent


def test_expect_over_torn_chunks() -> None:
    spawn, sent = spawn_of()
    for chunk in (b"Debian\r\nhost lo", b"gin", b": ", b"rest"):
        spawn.feed(chunk)
    assert spawn.expect([rb"password: ", rb"login: "]) == 1
    assert spawn.before == b"Debian\r\nhost "
    spawn.sendline("root")
    spawn.send(b"\x03")
    assert sent == [b"root\n", b"\x03"]
    spawn.expect_exact(b"rest")


def test_expect_wakes_when_bytes_come() -> None:
    spawn, _ = spawn_of()
    threading.Timer(0.05, spawn.feed, [b"now"]).start()
    started = time.monotonic()
    spawn.expect_exact(b"now")
    assert time.monotonic() - started < 4  # of the five that it would have waited


def test_timeout_is_pexpects_own() -> None:
    spawn, _ = spawn_of()
    spawn.feed(b"something else")
    with pytest.raises(TIMEOUT):
        spawn.expect_exact(b"never", timeout=0.05)
    assert spawn.expect([b"never", TIMEOUT], timeout=0.05) == 1


def test_hang_up_ends_a_wait_at_once_but_not_before_what_has_come() -> None:
    spawn, _ = spawn_of()
    spawn.feed(b"last words")
    threading.Timer(0.05, spawn.hang_up, ["killed by SIGKILL"]).start()
    started = time.monotonic()
    with pytest.raises(GuestGone, match="killed by SIGKILL"):
        spawn.expect_exact(b"never", timeout=30)
    assert time.monotonic() - started < 20  # of thirty
    assert not spawn.isalive()
    other, _ = spawn_of()
    other.feed(b"last words")
    other.hang_up("first")
    other.hang_up("second")
    other.expect_exact(b"words")
    with pytest.raises(GuestGone, match="first"):
        other.expect_exact(b"more")


def test_what_nobody_reads_is_bounded_and_the_newest_stays() -> None:
    spawn, _ = spawn_of()
    for _ in range(40):
        spawn.feed(b"x" * (KEPT // 16))
    spawn.feed(b"end")
    got = b""
    while not got.endswith(b"end"):
        got += spawn.read_nonblocking(1 << 16, 1)
    assert len(got) == KEPT


@contextmanager
def a_shell(*, echo: bool, program: tuple[str, ...] = ("sh", "-i")) -> Iterator[Shell]:
    """A real shell on a pty, read by one thread as the event loop would."""
    ours, theirs = pty.openpty()
    if not echo:
        settings = termios.tcgetattr(theirs)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, settings)
    process = subprocess.Popen(
        program, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env={**os.environ, "PS1": "$ "}
    )
    os.close(theirs)
    spawn = LineSpawn(lambda data: (os.write(ours, data), None)[1], timeout=10)

    def pump() -> None:
        try:
            while chunk := os.read(ours, 65536):
                spawn.feed(chunk)
        except OSError:
            pass
        spawn.hang_up("the shell has ended")

    reader = threading.Thread(target=pump, daemon=True)
    reader.start()
    try:
        yield Shell(spawn)
    finally:
        process.kill()
        process.wait()
        reader.join(5)
        os.close(ours)


@pytest.fixture(params=[True, False], ids=["echo", "no-echo"])
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with a_shell(echo=request.param) as made:
        yield made


@pytest.mark.parametrize(
    ("command", "output", "status"),
    [
        ("true", "", 0),
        ("false", "", 1),
        ("echo hello", "hello\n", 0),
        ("printf hello", "hello", 0),
        ("printf '\\n\\n'", "\n\n", 0),
        ("echo out; echo err >&2; exit_it() { return 42; }; exit_it", "out\nerr\n", 42),
        ("exit 255", "", 255),
        ("printf '\\377\\376\\000x\\n'", "��\x00x\n", 0),
        ("printf 'a\\rb\\n'", "a\rb\n", 0),
        ("echo one\necho two", "one\ntwo\n", 0),
        ("cat <<END\nhere\nEND", "here\n", 0),
        ("cat", "", 0),  # what reads its input finds the end, not our next command
        ("# nothing but a comment", "", 0),
        ("", "", 0),
        ("echo B1; echo E1 0", "B1\nE1 0\n", 0),
        ("printf '\\001E1 0\\n\\001B1\\n'", "\x01E1 0\n\x01B1\n", 0),
        ("echo '$HOME' \"quotes\" `echo ticks`", "$HOME quotes ticks\n", 0),
        ("seq 1 3000", "".join(f"{n}\n" for n in range(1, 3001)), 0),
    ],
)
def test_command(shell: Shell, command: str, output: str, status: int) -> None:
    result = shell.run(command, 10)
    assert (result.output, result.status) == (output.rstrip("\n"), status)
    assert shell.run("echo again").output == "again"  # nothing is left over


def test_shell_that_dies_is_told_of_at_once(shell: Shell) -> None:
    started = time.monotonic()
    with pytest.raises(GuestGone, match="the shell has ended"):
        shell.run("kill -9 $$", 30)
    assert time.monotonic() - started < 20  # of thirty


def test_long_command_is_refused(shell: Shell) -> None:
    with pytest.raises(BootmatrixError, match="longer than a terminal's line"):
        shell.run("echo " + "x" * LONGEST_COMMAND)
    assert shell.run("echo " + "x" * 3000).output == "x" * 3000


def test_no_answer(shell: Shell) -> None:
    with pytest.raises(BootmatrixError, match=r"no answer to 'sleep 1' in 0\.2 s"):
        shell.run("sleep 1", 0.2)
    assert shell.run("echo late").output == "late"  # the late answer of the other is passed over


def test_none_of_pexpects_delays_is_left() -> None:
    """With them ten commands take 1.5 s more; how long they take without is measured in tests/bench."""
    spawn, _ = spawn_of()
    assert spawn.delaybeforesend is None
    assert spawn.delayafterread is None


def test_send_off() -> None:
    spawn, sent = spawn_of()
    Shell(spawn).send_off("poweroff -f")
    assert sent == [b"poweroff -f\n"]
