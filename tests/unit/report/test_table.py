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
    verdicts = [line.split()[3] for line in lines[2:7]]
    assert verdicts == ["skip", "pass", "flaky", "error", "fail"]
    assert lines[0].split() == [
        "target",
        "arch",
        "kernel",
        "verdict",
        "outcome",
        "reached",
        "init",
        "s",
        "boot",
        "s",
        "cause",
    ]
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


def test_a_terminal_of_80_columns_shows_target_arch_kernel_and_the_time_to_userspace(cell: Make, run: Make) -> None:
    rows = [
        cell(f"{name}/minimal", arch=arch) for name, arch in (("x86_64-baremetal-bios", "x86_64"), ("a", "ppc64le"))
    ]
    lines = table(run(*rows), 80).splitlines()
    assert lines[0].split() == ["target", "arch", "kernel", "verdict", "outcome", "reached", "init", "s", "boot", "s"]
    assert lines[2].split() == ["x86_64-baremetal-bi…", "x86_64", "distro", "pass", "ready", "ready", "0.9", "1.5"]
    assert lines[3].split() == ["a", "ppc64le", "distro", "pass", "ready", "ready", "0.9", "1.5"]


def test_a_boot_that_never_came_to_userspace_has_no_time_to_it(mixed: RunRecord) -> None:
    failed = next(line for line in table(mixed, 200).splitlines() if "kernel-panic" in line)
    assert failed.split()[5:8] == ["kernel", "-", "1.5"]


def test_cells_that_share_target_and_kernel_go_by_their_whole_name(cell: Make, run: Make) -> None:
    rows = [cell(name, target="a") for name in ("a.minimal.distro.direct", "a.sshd.distro.direct")]
    lines = table(run(*rows), 120).splitlines()
    assert [line.split()[0] for line in (lines[0], *lines[2:4])] == ["cell", *(row.cell for row in rows)]


def test_one_target_with_two_kernels_goes_by_target_and_kernel(cell: Make, run: Make) -> None:
    rows = [cell(f"a.minimal.{kernel}.direct", target="a", kernel=kernel) for kernel in ("distro", "matched")]
    lines = table(run(*rows), 120).splitlines()
    assert [line.split()[:3] for line in lines[2:4]] == [["a", "x86_64", "distro"], ["a", "x86_64", "matched"]]


def test_a_very_narrow_terminal_does_without_kernel_and_arch_before_it_does_without_the_target(
    cell: Make, run: Make
) -> None:
    lines = table(run(cell("x86_64-baremetal-bios/minimal")), 56).splitlines()
    assert lines[0].split() == ["target", "verdict", "outcome", "reached", "init", "s", "boot", "s"]
    assert lines[2].startswith("x86_64-")
