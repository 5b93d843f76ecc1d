"""What docs/results.md shows is true: its record can be read, its format works."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import harness.report
from harness.report.reports import write_all
from harness.report.results import RunRecord, read
from harness.words import Verdict

PAGE = (Path(__file__).parents[3] / "docs" / "results.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_record_shown_is_one(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(block("json"))
    (cell,) = read(tmp_path).cells
    assert cell.missing == ("init", "ready")


def test_the_format_shown_is_found(tmp_path: Path, mixed: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "cells_txt.py").write_text(block("python"))
    monkeypatch.setattr(harness.report, "__path__", [*harness.report.__path__, str(more)])
    try:
        assert tmp_path / "cells.txt" in write_all(tmp_path, mixed)
    finally:
        sys.modules.pop("harness.report.cells_txt", None)
    assert (tmp_path / "cells.txt").read_text().splitlines()[0] == "fail arm64-cloud-virt/minimal"


def test_every_verdict_is_explained() -> None:
    assert all(f"`{verdict}`" in PAGE for verdict in Verdict)
