"""`bootmatrix diagnose`: one JSON line a file, safe text for people, plain words for what cannot be read."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.boot.expected import expecting, missing
from harness.commands.diagnose import diagnose
from harness.diagnosis.diagnoser import diagnose as understand
from harness.errors import InputError
from harness.plan.catalog import Catalog

PANIC = b"[    0.000000] Linux version 6.1\n"
PANIC += b"[    2.0] Kernel panic - not syncing: of \x1b[2J\xff\xe2\x80\xaenothing\x1b]0;x\x07\n"
KEYS = {"file", "outcome", "cause", "line", "evidence", "milestones", "warnings"}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "console.log"
    path.write_bytes(PANIC)
    return path


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def texts(value: Any) -> Iterator[str]:
    """All strings in a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


def test_json_is_one_line_a_file(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diagnose([str(log), str(log)], as_json=True) == 0
    first, second = records(capsys.readouterr().out)
    assert first == second
    assert set(first) >= KEYS
    assert (first["file"], first["outcome"], first["line"]) == (str(log), "kernel-panic", 2)
    assert [step["name"] for step in first["milestones"]] == ["kernel"]


@pytest.mark.parametrize("as_json", [True, False])
def test_nothing_raw_gets_through(log: Path, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    diagnose([str(log)], as_json=as_json)
    printed = capsys.readouterr().out
    assert "Kernel panic - not syncing: of " in printed
    # JSON hides in escapes what whoever decodes it would print.
    shown = "".join(texts(json.loads(printed))) if as_json else printed
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_text_is_one_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "long.log"
    path.write_bytes(b"".join(b"[    1.0] irq %d: nobody cared\n" % n for n in range(500)) + PANIC * 50)
    diagnose([str(path)])
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) <= 50
    assert max(len(line) for line in printed.splitlines()) <= 1100


def test_standard_input(monkeypatch: pytest.MonkeyPatch, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with log.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
        diagnose(["-"], as_json=True)
    assert records(capsys.readouterr().out)[0]["outcome"] == "kernel-panic"


@pytest.mark.parametrize("name", ["missing.log", ".", "with\0nul"])
def test_what_cannot_be_read(name: str, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told in one line, and the others are still diagnosed."""
    with pytest.raises(InputError):
        diagnose([str(tmp_path / name), str(log)], as_json=True)
    printed = capsys.readouterr()
    assert records(printed.out)[0]["outcome"] == "kernel-panic"
    assert "cannot be read" in printed.err


def test_a_compressed_file_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "console.log.gz"
    path.write_bytes(gzip.compress(PANIC))
    assert diagnose([str(path)]) == 0
    assert "gzip" in capsys.readouterr().out


def test_unknown_target(log: Path) -> None:
    with pytest.raises(InputError, match="no-such"):
        diagnose([str(log)], target="no-such-target")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"Starting kernel ...\n", "console=ttyAMA0"),
        (b"[    0.000000] Linux version 6.1\n", "next milestone would have been init"),
        (
            b"[    0.000000] Linux version 6.1\nbootmatrix: step=init status=0\nbootmatrix: step=drivers status=0\n",
            "next milestone would have been ",
        ),
    ],
)
def test_the_target_tells_what_should_have_come(text: bytes, words: str) -> None:
    target = Catalog().target("arm64-cloud-virt")
    assert words in expecting(understand(text), target).cause


def test_ladder_is_complete_for_a_boot_of_ours() -> None:
    log = Path(__file__).parents[1] / "diagnosis" / "logs" / "x86_64-cloud-kvm.log"
    target = Catalog().target("x86_64-cloud-kvm")
    assert missing(understand(log.read_bytes()), target) == []
