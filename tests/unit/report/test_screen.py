"""The picture of a machine's display: in the page, on the screen of `explain`, and only where it is one."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.report import html
from harness.report.explain import explain
from harness.report.files import picture

Make = Callable[..., Any]
PNG = b"\x89PNG\r\n\x1a\n and so on"


def page_of(tmp_path: Path, cell: Make, run: Make, screen: str | None) -> str:
    return html.render(run(cell(verdict="fail", outcome="hang", screen=screen)), tmp_path)


def test_it_is_inside_of_the_page(tmp_path: Path, cell: Make, run: Make) -> None:
    (tmp_path / "one.png").write_bytes(PNG)
    page = page_of(tmp_path, cell, run, "one.png")
    assert f'src="data:image/png;base64,{b64encode(PNG).decode()}"' in page
    assert "img-src data:" in page
    assert "<img" not in page_of(tmp_path, cell, run, None)


def test_explain_says_where_it_is(tmp_path: Path, cell: Make) -> None:
    assert f"screen:    {tmp_path}/one.png" in explain(cell(screen="one.png"), [], tmp_path)
    assert "screen:" not in explain(cell(), [], tmp_path)


@pytest.mark.parametrize("kind", ["text", "fifo", "outside", "gone"])
def test_what_is_no_picture_of_the_run_is_not_shown(tmp_path: Path, cell: Make, run: Make, kind: str) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    if kind == "text":
        (run_dir / "one.png").write_text("<svg onload=x>")
    elif kind == "fifo":
        os.mkfifo(run_dir / "one.png")
    elif kind == "outside":
        (tmp_path / "secret.png").write_bytes(PNG)
        (run_dir / "one.png").symlink_to(tmp_path / "secret.png")
    assert picture(run_dir, "one.png") is None
    assert "<img" not in page_of(run_dir, cell, run, "one.png")
