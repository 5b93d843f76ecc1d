"""The table in the terminal: no line too wide, failures last, colour only where it belongs."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from harness.report.results import RunRecord
from harness.report.table import print_table, table
from harness.report.text import width

Make = Callable[..., Any]


def test_what_failed_stands_last(mixed: RunRecord) -> None:
    lines = table(mixed, 200).splitlines()
    verdicts = [line.split()[1] for line in lines[2:7]]
    assert verdicts == ["skip", "pass", "flaky", "error", "fail"]
    assert lines[0].split() == ["cell", "verdict", "outcome", "reached", "boot", "s", "cause"]
    assert lines[6].endswith("Kernel panic - not syncing: VFS: Unable to mount root fs")
    assert lines[7:] == [
        "accelerator tcg for x86_64, arm64 (/dev/kvm is missing)",
        "5 cells in 12.5 s: 1 pass, 1 fail, 1 flaky, 1 error, 1 skip",
    ]


@pytest.mark.parametrize("columns", [56, 60, 79, 80, 100, 120, 200])
@pytest.mark.parametrize("name", ["x" * 90, "x-" * 20, "short"])
def test_no_line_is_wider_than_the_terminal(mixed: RunRecord, cell: Make, run: Make, columns: int, name: str) -> None:
    long = cell(
        name,
        verdict="fail",
        outcome="bootloader-failure",
        cause="because 漢字 " * 50,
        milestones=({"name": "service " + name, "at": 1, "source": "console"},),
    )
    text = table(run(long, *mixed.cells), columns)
    assert max(width(line) for line in text.splitlines()) <= columns
    assert "because" in text


def test_a_narrow_terminal_has_the_causes_below(mixed: RunRecord) -> None:
    text = table(mixed, 85)
    assert "\narm64-cloud-virt/minimal: Kernel panic - not syncing: VFS: Unable to mount root fs\n" in text
    assert "cause" not in text.splitlines()[0]


def test_colour_only_when_asked(mixed: RunRecord) -> None:
    assert "\x1b" not in table(mixed, 100)
    coloured = table(mixed, 100, colour=True)
    assert "\x1b[31mfail\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == table(mixed, 100)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "colour"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_gets_colour_unless_it_says_no(mixed: RunRecord, environ: dict[str, str], colour: bool) -> None:
    stream = Terminal()
    print_table(mixed, stream, environ)
    assert ("\x1b[" in stream.getvalue()) is colour


def test_a_file_gets_no_colour(mixed: RunRecord) -> None:
    stream = io.StringIO()
    print_table(mixed, stream, {"TERM": "xterm"})
    assert "\x1b" not in stream.getvalue()


def test_an_ascii_stream_is_served(cell: Make, run: Make) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_table(run(cell("漢字")), stream, {})
    assert b"??" in raw.getvalue()


def test_hostile_names_cannot_move_the_cursor(cell: Make, run: Make, hostile: str) -> None:
    text = table(run(cell(hostile, verdict="fail", cause=hostile)), 120)
    assert all(line.isprintable() for line in text.splitlines())


def test_a_run_without_cells(run: Make) -> None:
    assert table(run(), 80).endswith("0 cells in 12.5 s: none")
