"""Live progress: plain lines in a log, rows on a terminal; from several threads, never in the way of the run."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.report.progress import make_progress
from harness.report.progress.live import RichProgress
from harness.report.progress.plain import PlainProgress
from harness.report.results import RunRecord
from harness.words import Reached, Source

Make = Callable[..., Any]
KERNEL = Reached("kernel", 0.4, Source.CONSOLE)


class Terminal(io.StringIO):
    """A terminal that counts what is written to it."""

    encoding = "utf-8"
    writes = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


class Gone(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def shown(stream: io.StringIO) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())


def test_the_stream_decides() -> None:
    assert isinstance(make_progress(Terminal(), {"TERM": "xterm"}), RichProgress)
    assert isinstance(make_progress(Terminal(), {"TERM": "dumb"}), PlainProgress)
    assert isinstance(make_progress(Terminal(), {}), PlainProgress)
    assert isinstance(make_progress(io.StringIO(), {"TERM": "xterm"}), PlainProgress)


def test_a_log_does_not_pay_for_rich() -> None:
    code = (
        "import io, sys; from harness.report.progress import make_progress; import harness.report.reports as r;"
        "make_progress(io.StringIO()); r.formats(); sys.exit('rich' in sys.modules or 'tabulate' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=30, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_plain_lines(mixed: RunRecord) -> None:
    stream = io.StringIO()
    failed, passed = mixed.cells[:2]
    with PlainProgress(stream) as progress:
        progress.note("2 cells")
        progress.expect("a", ["kernel", "ready"])
        progress.phase("a", "waiting")
        progress.phase("a", "build", "kernel")
        progress.phase("a", "build", "kernel 50%")
        progress.phase("a", "boot")
        progress.milestone("a", KERNEL)
        progress.done("a", failed)
        progress.phase("a", "boot")
        progress.done("a", passed)
    assert stream.getvalue().splitlines() == [
        "2 cells",
        "a: build kernel",
        "a: boot",
        "a: kernel 0.40 s",
        "a: FAIL kernel-panic 1.5 s, Kernel panic - not syncing: VFS: Unable to mount root fs",
        "a: boot",
        "a: pass ready 1.5 s",
    ]


def test_every_plain_line_is_flushed_at_once() -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as stream, PlainProgress(stream) as progress:
        progress.note("now")
        assert os.read(ours, 100) == b"now\n"
    os.close(ours)


def test_plain_lines_of_threads_do_not_mix() -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream)

    def work(cell: str) -> None:
        for number in range(50):
            progress.milestone(cell, Reached(f"m{number}", number, Source.CONSOLE))

    threads = [threading.Thread(target=work, args=(f"cell{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 400
    assert all(re.fullmatch(r"cell\d: m\d+ \d+\.00 s", line) for line in lines)


@pytest.mark.parametrize("kind", [PlainProgress, RichProgress])
def test_a_reader_that_has_gone_does_not_end_the_run(kind: type[PlainProgress], mixed: RunRecord) -> None:
    with kind(Gone()) as progress:
        for _ in range(3):
            progress.phase("a", "boot")
            progress.note("x")
            progress.done("a", mixed.cells[0])


def test_hostile_text_reaches_no_terminal(hostile: str, cell: Make) -> None:
    bad = cell(hostile, verdict="fail", outcome="hang", cause=hostile)
    plain, terminal = io.StringIO(), Terminal()
    for progress in (PlainProgress(plain), RichProgress(terminal, width=200, height=20)):
        with progress:
            progress.expect(hostile, [hostile])
            progress.phase(hostile, "boot", hostile)
            progress.milestone(hostile, Reached(hostile, 1, Source.CONSOLE, hostile))
            progress.note(hostile + "[red]not markup[/red] :smile:")
            progress.done(hostile, bad)
    assert all(line.isprintable() for line in plain.getvalue().splitlines())
    assert "\x1b]0" not in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()
    assert "[red]not markup[/red] :smile:" in shown(terminal).replace("\n", "")
    assert not set(shown(terminal)) & set("\x00\x07\x9b\u202e")


def test_rows_tick_off_milestones(mixed: RunRecord) -> None:
    stream = Terminal()
    with RichProgress(stream, width=100, height=20) as progress:
        progress.expect("a", ["kernel", "init", "ready"])
        progress.phase("b", "waiting")
        progress.phase("a", "boot")
        progress.milestone("a", KERNEL)
        wait_for(lambda: "✓ kernel 0.4s  ◌ init" in shown(stream))
        wait_for(lambda: "1 waiting" in shown(stream))
        progress.done("a", mixed.cells[1])
    last = shown(stream).rstrip().splitlines()
    assert any(line.strip() == "pass  a ready 1.5 s" for line in last)


def test_what_is_done_is_printed_even_if_the_run_ends_at_once(mixed: RunRecord) -> None:
    stream = Terminal()

    def interrupted() -> None:
        with RichProgress(stream, width=100, height=20) as progress:
            progress.done("a", mixed.cells[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "fail  a kernel-panic 1.5 s" in shown(stream)
    # The cursor, hidden while rows are live, is back.
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_a_new_attempt_starts_with_no_milestones() -> None:
    stream = Terminal()
    with RichProgress(stream, width=100, height=20) as progress:
        progress.phase("a", "boot")
        progress.milestone("a", KERNEL)
        progress.phase("a", "teardown")
        progress.phase("a", "boot", "second attempt")
        wait_for(lambda: "second attempt" in shown(stream))
    row = next(line for line in shown(stream).splitlines() if "second attempt" in line)
    assert "kernel" not in row


def test_a_burst_becomes_few_pictures() -> None:
    stream = Terminal()
    with RichProgress(stream, width=100, height=20) as progress:
        progress.note("idle")
        wait_for(lambda: "idle" in shown(stream))
        progress.phase("a", "build")
        before = stream.writes
        # Slow enough for the painter to draw each of them, if it would.
        for number in range(200):
            progress.phase("a", "build", f"step {number}")
            time.sleep(0.001)
        wait_for(lambda: "step 199" in shown(stream))
        assert stream.writes - before < 50


def test_more_cells_than_the_terminal_is_high() -> None:
    stream = Terminal()
    with RichProgress(stream, width=80, height=10) as progress:
        for number in range(50):
            progress.phase(f"cell{number}", "boot")
        wait_for(lambda: "42 more" in shown(stream))


def test_no_colour_is_respected(monkeypatch: pytest.MonkeyPatch, mixed: RunRecord) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    with RichProgress(stream, width=100, height=20) as progress:
        progress.done("a", mixed.cells[0])
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", stream.getvalue())
