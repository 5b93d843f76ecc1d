"""Durations of earlier boots: a hint that may be lost or damaged and then costs order, nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.run.history import SMOOTHING, History


def test_remembers(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.json"
    history = History(path)
    assert history.expected("a", 7) == 7
    history.took("a", 10)
    history.took("a", 20)
    history.save()
    again = History(path)
    assert again.expected("a", 7) == 10 + SMOOTHING * 10
    assert again.expected("b", 7) == 7
    assert [file.name for file in path.parent.iterdir()] == ["history.json"]


def test_same_state_same_bytes(tmp_path: Path) -> None:
    one, other = History(tmp_path / "1"), History(tmp_path / "2")
    for cell in ("a", "b"):
        one.took(cell, 1)
    for cell in ("b", "a"):
        other.took(cell, 1)
    one.save()
    other.save()
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '{"a": "x"}',
        '{"a": null}',
        '{"a": [1]}',
        '{"a": 1' + "0" * 400 + "}",
        "[" * 100_000,
        "\xff",
    ],
    ids=lambda text: text[:12],
)
def test_damaged_file_is_an_empty_history(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(text.encode("latin-1"))
    history = History(path)
    assert history.expected("a", 7) == 7
    history.took("a", 3)
    history.save()
    assert History(path).expected("a", 7) == 3


def test_impossible_durations_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text('{"a": NaN, "b": Infinity, "c": -1, "d": 2, "e": 0}')
    history = History(path)
    assert [history.expected(cell, 7) for cell in "abcde"] == [7, 7, 7, 2, 0]


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "taken").mkdir()
    for path in (tmp_path / "file" / "history.json", tmp_path / "taken"):
        history = History(path)
        history.took("a", 1)
        history.save()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "taken"]
