"""The marks of our init, as the kernel prints them, and what must not pass for one."""

from __future__ import annotations

import time

import pytest

from harness.marks import marks_in


def test_fields() -> None:
    mark = next(marks_in("x\n[    1.4] bootmatrix: step=network status=0 up=1.41 address=10.0.2.15 empty="))
    assert (mark.name, mark.status, mark.offset) == ("network", 0, 2)
    assert mark.fields == {"up": "1.41", "address": "10.0.2.15", "empty": ""}
    assert mark.line == "[    1.4] bootmatrix: step=network status=0 up=1.41 address=10.0.2.15 empty="


@pytest.mark.parametrize(
    "before", ["", "[    1.234567] ", "[    1.234567][    T1] ", "<9>[    1.2] ", "<9>", "[12345.123456] "]
)
def test_what_printk_puts_before(before: str) -> None:
    assert [mark.name for mark in marks_in(f"{before}bootmatrix: step=init status=0 up=1")] == ["init"]


@pytest.mark.parametrize(
    "line",
    [
        "echo bootmatrix: step=ready status=0",
        "# bootmatrix: step=ready status=0",
        "bootmatrix: step=ready status=",
        "bootmatrix: step=ready status=-1",
        "bootmatrix: step=READY status=0",
        "bootmatrix: step=ready status=0 and more",
        "bootmatrix: step=ready status=0x",
        "bootmatrix: step=../etc status=0",
        "bootmatrix: step=ready status=" + "9" * 5000,
        "[    1.0] dmesg says: bootmatrix: step=ready status=0",
    ],
)
def test_no_mark(line: str) -> None:
    assert list(marks_in(line)) == []


def test_odd_values_are_values() -> None:
    """A guest's words hold tabs, signs of equality and foreign spaces, and break nothing."""
    mark = next(marks_in("bootmatrix: step=x status=2 a=b\tc d==\u2003 e=\u00a0f"))
    assert mark.fields == {"a": "b\tc", "d": "=\u2003", "e": "\u00a0f"}


def test_hostile_text_takes_linear_time() -> None:
    for text in (
        "bootmatrix: step=" * 20_000,
        "bootmatrix: step=x status=0" + " a=b" * 50_000 + " !",
        "[ 1.1" * 50_000 + "bootmatrix: step=",
        "\n".join(["[ 1.1] bootmatrix: step=x status=0 !"] * 5000),
    ):
        started = time.process_time()
        assert list(marks_in(text)) == []
        assert time.process_time() - started < 0.5


def test_steps_of_containers_have_their_kind_before_their_name() -> None:
    assert [mark.name for mark in marks_in("bootmatrix: step=service:node_exporter.1 status=1")] == [
        "service:node_exporter.1"
    ]
