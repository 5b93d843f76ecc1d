"""results.json: round trip, hostile text, damaged and foreign files, exit statuses, schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from harness.errors import HostError, InputError
from harness.report.results import (
    CellRecord,
    MilestoneRecord,
    RunRecord,
    exit_status,
    read,
    results_schema,
    write,
)
from harness.words import Outcome, Reached, Source, Verdict

Make = Callable[..., Any]


def test_what_is_written_is_read_back(tmp_path: Path, mixed: RunRecord) -> None:
    path = write(tmp_path, mixed)
    assert path == tmp_path / "results.json"
    assert read(tmp_path) == mixed
    document = json.loads(path.read_text())
    assert list(document) == ["schema", "run", "started", "seconds", "interrupted", "host", "cells"]
    assert (document["schema"], document["started"]) == (1, "2026-01-02T03:04:05Z")
    first = document["cells"][0]
    assert (first["class"], first["verdict"], first["outcome"]) == ("cloud", "fail", "kernel-panic")
    assert document["cells"][3]["outcome"] is None
    assert first["milestones"] == [{"name": "kernel", "at": 0.4, "source": "console", "line": "the kernel"}]
    assert set(first["durations"]) == {"build", "boot", "teardown"}


def test_hostile_text_is_clean_in_the_file(tmp_path: Path, cell: Make, run: Make, hostile: str) -> None:
    bad = cell(hostile, verdict="fail", outcome="hang", cause=hostile, command=hostile, missing=(hostile,))
    write(tmp_path, run(bad, run=hostile))
    text = (tmp_path / "results.json").read_text()
    assert all(line.isprintable() for line in text.splitlines())
    found = read(tmp_path).cells[0].cause
    assert found is not None
    assert found.isprintable()
    assert "\\x1b]0;owned" in found


def test_text_of_a_file_is_cleaned_when_read(tmp_path: Path, mixed: RunRecord) -> None:
    path = write(tmp_path, mixed)
    document = json.loads(path.read_text())
    document["cells"][0]["cause"] = "\x1b[2Jgone"
    path.write_text(json.dumps(document))
    assert read(tmp_path).cells[0].cause == "\\x1b[2Jgone"


def test_a_milestone_of_the_boot_becomes_a_record() -> None:
    mark = MilestoneRecord.of(Reached("kernel", 0.123456789, Source.CONSOLE, "Linux\x1b"))
    assert mark == MilestoneRecord(name="kernel", at=0.123457, source=Source.CONSOLE, line="Linux\\x1b")


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "", "a\x00b", "a\\b", "console/../../x"])
def test_a_console_path_cannot_leave_the_run(cell: Make, path: str) -> None:
    with pytest.raises(ValidationError, match="relative path"):
        cell(console=path)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0])
def test_times_are_finite_and_positive(bad: float) -> None:
    with pytest.raises(ValidationError):
        MilestoneRecord(name="kernel", at=bad, source=Source.CONSOLE)


def test_records_are_frozen_and_closed(cell: Make) -> None:
    found: CellRecord = cell()
    with pytest.raises(ValidationError):
        found.cell = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="verdikt"):
        cell(verdikt="pass")


def test_a_time_without_a_zone_is_refused(run: Make) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        run(started=datetime(2026, 1, 1))  # noqa: DTZ001 -- the point of the test


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"results\.json: cannot read it: No such file"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged, this is not JSON"),
        (b'{"schema": 1,\n"run": ', r"results\.json:2: damaged"),
        (b"\xff\xfe\x00", "damaged, this is not JSON"),
        (b"[" * 200_000, "damaged, this is not JSON"),
        (b"[1, 2]", r"\(schema\): this is not a record of a run"),
        (b'{"name": "bootmatrix"}', r"\(schema\): this is not a record of a run"),
        (b'{"schema": 2}', "schema 2 is not known here"),
        (b'{"schema": "\\u001b[2J"}', r"schema \\x1b\[2J is not known here"),
        (b'{"schema": true}', "schema True is not known here"),
        (b'{"schema": 1}', r"\(run\): Field required"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "results.json").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("verdict", "perhaps", r"\(cells\.0\.verdict\)"),
        ("durations", {"boot": -1}, r"\(cells\.0\.durations\.boot\)"),
        ("console", "/etc/shadow", r"\(cells\.0\.console\)"),
        ("zz\x1b", 1, r"\(cells\.0\.zz\\x1b\)"),
    ],
)
def test_the_key_at_fault_is_named(tmp_path: Path, mixed: RunRecord, key: str, value: object, where: str) -> None:
    path = write(tmp_path, mixed)
    document = json.loads(path.read_text())
    document["cells"][0][key] = value
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=where):
        read(tmp_path)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, mixed: RunRecord) -> None:
    blocked = tmp_path / "results.json"
    blocked.mkdir()
    (blocked / "old").touch()
    with pytest.raises(HostError, match="cannot write it"):
        write(tmp_path, mixed)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["console", "results.json"]
    with pytest.raises(HostError, match="No such file"):
        write(tmp_path / "missing", mixed)


@pytest.mark.parametrize(
    ("verdicts", "interrupted", "status"),
    [
        ([], False, 0),
        (["pass", "flaky", "skip"], False, 0),
        (["pass", "fail"], False, 1),
        (["error", "pass"], False, 3),
        (["error", "fail"], False, 1),
        (["pass"], True, 130),
        (["fail", "error"], True, 130),
    ],
)
def test_exit_status(cell: Make, run: Make, verdicts: list[str], interrupted: bool, status: int) -> None:
    record = run(*(cell(verdict=verdict) for verdict in verdicts), interrupted=interrupted)
    assert exit_status(record) == status


def test_the_schema_describes_what_is_written(tmp_path: Path, mixed: RunRecord) -> None:
    schema = results_schema()
    document = json.loads(write(tmp_path, mixed).read_text())
    assert set(schema["properties"]) == set(document)
    assert set(schema["required"]) >= {"schema", "run", "cells"}
    definitions = schema["$defs"]
    assert set(definitions["CellRecord"]["properties"]) == set(document["cells"][0])
    assert definitions["Outcome"]["enum"] == [outcome.value for outcome in Outcome]
    assert definitions["Verdict"]["enum"] == [verdict.value for verdict in Verdict]
    json.dumps(schema)
