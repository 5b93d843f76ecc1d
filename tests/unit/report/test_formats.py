"""The report files: found by their folder, well-formed and inert whatever a guest printed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from harness.errors import HostError
from harness.report import html, junit, markdown
from harness.report.files import console_tail
from harness.report.reports import formats, write_all
from harness.report.results import AttemptRecord, FindingRecord, RunRecord, read

Make = Callable[..., Any]


@pytest.fixture
def nasty(tmp_path: Path, cell: Make, run: Make, hostile: str) -> RunRecord:
    """A failed and a flaky cell in which every text is hostile, with a hostile log."""
    raw = hostile.encode("utf-8", "surrogatepass") + b"\n\xff\xfe\x00\x1b[8mhidden\x1b[0m\n```\n~~~\n````\n</pre>\n"
    (tmp_path / "log").write_bytes(raw)
    attempt = AttemptRecord(verdict="fail", outcome="hang", cause=hostile, console="log", command=hostile)
    facts = {
        "target": hostile,
        "cause": hostile,
        "missing": (hostile, "`"),
        "console": "log",
        "command": hostile,
        "artefacts": {hostile: hostile},
        "milestones": ({"name": hostile, "at": 1, "source": "console", "line": hostile},),
        "attempts": (attempt, attempt),
    }
    failed = cell(hostile, verdict="fail", outcome="hang", **facts)
    record: RunRecord = run(failed, cell(hostile + "2", verdict="flaky", **facts), run=hostile)
    return record


# --- the registry


def test_every_report_is_found_and_written(tmp_path: Path, mixed: RunRecord) -> None:
    names = ["results.json", "index.html", "junit.xml", "summary.md"]
    assert [format_.filename for format_ in formats()] == names[1:]
    paths = write_all(tmp_path, mixed)
    assert [path.name for path in paths] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "console"])
    assert read(tmp_path) == mixed
    # Reports of a record that was read back are the same to the byte.
    for format_ in formats():
        assert (tmp_path / format_.filename).read_text() == format_.render(read(tmp_path), tmp_path)


def test_a_report_that_cannot_be_written_does_not_cost_the_record(tmp_path: Path, mixed: RunRecord) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(HostError, match=r"index\.html"):
        write_all(tmp_path, mixed)
    assert read(tmp_path) == mixed


def test_no_report_holds_a_raw_byte_of_a_guest(tmp_path: Path, nasty: RunRecord) -> None:
    for path in write_all(tmp_path, nasty):
        for line in path.read_text("utf-8").split("\n"):
            assert line.isprintable(), (path.name, line)


# --- the end of a console log


def test_tail_is_bounded_cleaned_and_without_colours(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * 200_000 + b"\n\x1b[1;31mred\x1b[0m \x1b[2J\r\n 50%\r 60%\n\n\n")
    assert console_tail(tmp_path, "log", 3) == ["red \\x1b[2J", " 50%", " 60%"]
    assert len(console_tail(tmp_path, "log", 9)[0]) <= 500
    assert console_tail(tmp_path, "log", 1) == [" 60%"]


def test_tail_reads_regular_files_of_the_run_only(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    (tmp_path / "secret").write_text("secret")
    (run_dir / "link").symlink_to(tmp_path / "secret")
    (run_dir / "up").symlink_to(tmp_path)
    os.mkfifo(run_dir / "fifo")
    for path in ("link", "up/secret", "../secret", "fifo", "missing", ".", None, str(tmp_path / "secret"), "a\x00"):
        assert console_tail(run_dir, path, 5) == []


# --- junit.xml


def parsed(record: RunRecord, run_dir: Path) -> ET.Element:
    return ET.fromstring(junit.render(record, run_dir).encode())  # noqa: S314 -- our own XML


def test_junit_structure(tmp_path: Path, mixed: RunRecord) -> None:
    root = parsed(mixed, tmp_path)
    (suite,) = root
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    for node in (root, suite):
        counts = [node.get(key) for key in ("tests", "failures", "errors", "skipped")]
        assert counts == ["5", "1", "1", "1"]
    assert suite.get("timestamp") == "2026-01-02T03:04:05Z"
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert list(cases) == [cell.cell for cell in mixed.cells]
    children = {name: [child.tag for child in case] for name, case in cases.items()}
    assert children == {
        "arm64-cloud-virt/minimal": ["properties", "failure", "system-out"],
        "x86_64-cloud-microvm/minimal": ["properties", "system-out"],
        "raspi3b/minimal": ["properties", "flakyFailure", "system-out"],
        "sabrelite/minimal": ["properties", "error"],
        "lab-board/minimal": ["properties", "skipped"],
    }
    failed = cases["arm64-cloud-virt/minimal"]
    assert failed.get("classname") == "arm64-cloud-virt"
    assert failed.get("time") == "1.800"
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("type") == "kernel-panic"
    assert failure.get("message") == "kernel-panic: Kernel panic - not syncing: VFS: Unable to mount root fs"
    assert failure.text == "[    0.1] Linux version 6.1\n[    1.2] Kernel panic - not syncing"
    facts = {node.get("name"): node.get("value") for node in failed.iter("property")}
    assert facts["outcome"] == "kernel-panic"
    assert facts["milestone.kernel"] == "0.400"
    assert facts["missing"] == "init, ready"
    assert facts["accelerator"] == "tcg: /dev/kvm is missing"
    flaky = cases["raspi3b/minimal"]
    assert flaky.findtext("flakyFailure/stackTrace") == "no sign of life for 40 s"
    assert flaky.findtext("flakyFailure/system-out") == "starting\nnothing more"
    assert {"name": "flaky", "value": "true"} in [node.attrib for node in flaky.iter("property")]


def test_a_retried_failure_is_a_rerun(tmp_path: Path, cell: Make, run: Make) -> None:
    attempts = tuple(AttemptRecord(verdict=verdict, outcome="hang") for verdict in ("error", "fail", "fail"))
    record = run(cell(verdict="fail", outcome="hang", attempts=attempts))
    case = parsed(record, tmp_path).find(".//testcase")
    assert case is not None
    assert [child.tag for child in case][1:4] == ["failure", "rerunError", "rerunFailure"]


def test_junit_parses_whatever_a_guest_printed(tmp_path: Path, nasty: RunRecord) -> None:
    root = parsed(nasty, tmp_path)
    failure = root.find(".//failure")
    assert failure is not None
    assert "</script><img src=x onerror=alert(1)> ]]>" in failure.get("message", "")
    assert "hidden" in (failure.text or "")
    assert not root.findall(".//img")


# --- summary.md


def test_summary_of_a_small_run(tmp_path: Path, mixed: RunRecord) -> None:
    golden = Path(__file__).with_name("summary.golden.md")
    assert markdown.render(mixed, tmp_path) == golden.read_text()


def test_nothing_breaks_out_of_a_fence(tmp_path: Path, nasty: RunRecord) -> None:
    """Read as CommonMark does: only a run of at least as many backticks, alone on its line, closes a fence."""
    outside, opened = [], ""
    for line in markdown.render(nasty, tmp_path).splitlines():
        match = re.match(r" {0,3}(`{3,})(.*)$", line)
        if opened:
            if match and len(match[1]) >= len(opened) and not match[2].strip():
                opened = ""
        elif match:
            opened = match[1]
        else:
            outside.append(line)
    assert opened == ""
    prose = [line for line in outside if line]
    assert not any("hidden" in line or line.startswith(("~~~", "</pre>")) for line in prose)
    # Outside of fences, what is left of the lines once their code spans are gone has no live markup of the guest's.
    for line in prose:
        bare = re.sub(r"(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
        assert not re.search(r"(?<!\\)<|(?<!\\)!\[|(?<!\\)@|https?://", bare), line


def test_a_pipe_does_not_add_a_column(tmp_path: Path, cell: Make, run: Make) -> None:
    text = markdown.render(run(cell("a|b\\|c")), tmp_path)
    (row,) = [line for line in text.splitlines() if "| pass" in line]
    # As cmark-gfm splits: a backslash takes the next character with it.
    assert len(re.findall(r"(?:\\.|[^|\\])+", row.strip("|"))) == 5


@pytest.mark.parametrize("text", ["a", "`", "a`b", "``", "` `` ```", "", " ", "a`"])
def test_code_spans_hold(text: str) -> None:
    span = markdown.code(text)
    match = re.fullmatch(r"(`+)(.*?)(?<!`)\1", span)
    assert match is not None
    inner = match[2]
    if inner.startswith(" ") and inner.endswith(" ") and inner.strip(" "):
        inner = inner[1:-1]
    assert inner.strip(" ") == text.strip(" ")
    assert match[1] not in re.findall("`+", inner)


def test_names_stay_readable() -> None:
    assert markdown.plain("x86_64-cloud_a_b/minimal:direct") == "x86_64-cloud_a_b/minimal:direct"
    assert markdown.plain("_a_ *b* [c](http://d)") == r"\_a\_ \*b\* \[c\](http\://d)"


# --- index.html


class Page(HTMLParser):
    """What a browser would see: tags, attributes, text by tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_is_self_contained_and_inert(tmp_path: Path, nasty: RunRecord) -> None:
    page = Page(html.render(nasty, tmp_path))
    assert not {"script", "img", "link", "iframe", "object", "base", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "srcset", "style")]
    assert {value for name, value in page.attributes if name == "href"} == {"./log"}
    assert page.tags.count("style") == 1
    assert "url(" not in "".join(page.text).split("</style>", maxsplit=1)[0].split("body", maxsplit=1)[0]
    assert any("</script><img src=x onerror=alert(1)>" in text for text in page.text)
    assert any("\\x1b]0;owned" in text for text in page.text)


def test_html_tells_the_run(tmp_path: Path, mixed: RunRecord) -> None:
    text = html.render(mixed, tmp_path)
    page = Page(text)
    assert text.startswith("<!doctype html>\n")
    assert page.tags.count("svg") == len(mixed.cells)
    # 3 milestones each in the passing and the flaky cell, 1 in the failed one, and its wait for what was missing.
    assert page.tags.count("rect") == 3 + 3 + 1 + 1
    assert "waited for init, ready until 1.50 s" in page.text
    assert any("Kernel panic - not syncing" in part and "\n" in part for part in page.text)
    assert "qemu-system-x86_64 -M microvm -append 'console=ttyS0 quiet'" in page.text
    assert "5 cells in 12.5 s: 1 pass, 1 fail, 1 flaky, 1 error, 1 skip" in "".join(page.text)


def test_html_bars_share_one_scale(tmp_path: Path, cell: Make, run: Make) -> None:
    slow = cell("slow", durations={"boot": 3.0})
    text = html.render(run(cell("fast"), slow), tmp_path)
    ends = [float(x) + float(w) for x, w in re.findall(r'<rect class="h\d" x="([\d.]+)" width="([\d.]+)"', text)]
    assert max(ends) == pytest.approx(500, abs=2)  # the last milestone, 1.5 s, on a scale of 3 s


def test_a_run_without_cells_has_its_reports(tmp_path: Path, run: Make) -> None:
    write_all(tmp_path, run(interrupted=True))
    assert "0 cells in 12.5 s (interrupted): none" in (tmp_path / "summary.md").read_text()


def test_a_finding_of_many_cells_is_told_once(tmp_path: Path, cell: Make, run: Make) -> None:
    found = FindingRecord(level="warning", symbol="CONFIG_SMP", what="CONFIG_SMP is not set", why="slow | `x`")
    text = markdown.render(run(cell("a/b", preflight=(found,)), cell("c/d", preflight=(found,))), tmp_path)
    (line,) = [line for line in text.splitlines() if "CONFIG_SMP" in line]
    assert line == "- `` warning: CONFIG_SMP is not set: slow | `x` `` (`a/b`, `c/d`)"
