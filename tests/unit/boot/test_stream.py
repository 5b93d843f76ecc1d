"""Stream and recorder: order, times, what is kept on disk, and a flood that neither loses a panic nor fills memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.boot.recorder import LINES_IN_FULL, Recorder
from harness.boot.stream import EventStream
from harness.machine.protocol import Fact, Port
from harness.words import Event, Outcome, Source
from tests.bench import flood
from tests.unit.boot.fakes import GONE, judge_of


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Seen:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def see(self, event: Event) -> None:
        self.events.append(event)


def made(clock: Clock) -> tuple[EventStream, Seen]:
    stream, seen = EventStream(clock), Seen()
    stream.subscribe(seen)
    return stream, seen


def test_one_order_for_everything() -> None:
    clock = Clock()
    stream, seen = made(clock)
    sink = stream.sink
    clock.now = 110
    stream.power_on_now()
    clock.now = 111
    sink.received(Port.CONSOLE, b"one\r\ntw")
    clock.now = 112
    sink.happened(Fact(Source.QMP, "RESUME", "RESUME"))
    sink.received(Port.CHANNEL, b"not of the console\n")
    sink.received(Port.CONSOLE, b"o")
    clock.now = 113
    sink.happened(GONE)
    assert [(event.at, event.source, event.kind, event.text) for event in seen.events] == [
        (1, "console", "lines", "one"),
        (1, "console", "partial", "tw"),
        (2, "qmp", "RESUME", "RESUME"),
        (2, "console", "partial", "two"),
        (3, "console", "lines", "two"),  # the unfinished line of a machine that has ended comes before its end
        (3, "process", "exit", "QEMU exited with status 0"),
    ]
    assert seen.events[0].data == {"first": 1, "count": 1}
    assert seen.events[4].data == {"first": 2, "count": 1}


def test_signs_of_life_are_bytes_and_facts_but_not_our_own_events() -> None:
    clock = Clock()
    stream, _ = made(clock)
    for act in (
        lambda: stream.sink.received(Port.CONSOLE, b"x"),
        lambda: stream.sink.received(Port.CHANNEL, b"x"),
        lambda: stream.sink.happened(Fact(Source.QMP, "RTC_CHANGE")),
    ):
        clock.now += 7
        act()
        assert stream.lived_at() == stream.now()
    clock.now += 7
    stream.emit(Source.CLOCK, "silence")
    assert stream.lived_at() == stream.now() - 7


def test_tap_gets_raw_bytes_until_it_is_ended() -> None:
    stream, _ = made(Clock())
    got: list[tuple[Port, bytes]] = []
    end = stream.tap(lambda port, chunk: got.append((port, chunk)))
    stream.sink.received(Port.CHANNEL, b"\xff\x00")
    end()
    end()
    stream.sink.received(Port.CONSOLE, b"more")
    assert got == [(Port.CHANNEL, b"\xff\x00")]


def entries(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "boot.jsonl").read_text(encoding="utf-8").splitlines()]


def recorded(folder: Path) -> tuple[EventStream, Recorder]:
    stream, recorder = EventStream(Clock()), Recorder(folder, "boot")
    stream.tap(recorder.received)
    stream.subscribe(recorder)
    return stream, recorder


def test_record(tmp_path: Path) -> None:
    stream, recorder = recorded(tmp_path)
    raw = b"\x1b[1mone\x1b[0m\r\ntwo\xff\r\n\r\nhalf"
    stream.sink.received(Port.CONSOLE, raw[:5])
    stream.sink.received(Port.CHANNEL, b"commands are no part of it")
    stream.sink.received(Port.CONSOLE, raw[5:])
    stream.sink.happened(Fact(Source.QMP, "RESET", "RESET guest=True", {"guest": True, "odd": {1, 2}}))
    stream.sink.happened(GONE)
    recorder.close()
    assert (tmp_path / "boot.log").read_bytes() == raw
    found = entries(tmp_path)
    assert [(entry["kind"], entry.get("line"), entry["text"]) for entry in found] == [
        ("line", 1, "one"),
        ("line", 2, "two�"),
        ("line", 3, ""),
        ("RESET", None, "RESET guest=True"),
        ("line", 4, "half"),
        ("exit", None, "QEMU exited with status 0"),
    ]
    assert found[3]["data"]["guest"] is True
    assert recorder.problem is None


def test_record_of_an_endless_log_is_by_place_only(tmp_path: Path) -> None:
    stream, recorder = recorded(tmp_path)
    for _ in range(LINES_IN_FULL // 1000 + 5):
        stream.sink.received(Port.CONSOLE, b"x\n" * 1000)
    recorder.close()
    found = entries(tmp_path)
    assert len(found) == LINES_IN_FULL + 5
    assert found[-1] == {"at": 0.0, "source": "console", "kind": "lines", "line": LINES_IN_FULL + 4001, "count": 1000}
    assert (tmp_path / "boot.log").stat().st_size == 2 * (LINES_IN_FULL + 5000)


def test_record_of_an_endless_line_ends_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.boot.recorder.LINES_IN_FULL", 10)
    stream, recorder = recorded(tmp_path)
    for _ in range(100):
        stream.sink.received(Port.CONSOLE, b"x" * 10_000)
    recorder.close()
    assert (tmp_path / "boot.jsonl").stat().st_size < 10 * 11_000 + 90 * 100


@pytest.mark.parametrize("file", ["boot.log", "boot.jsonl"])
def test_full_disk_is_remembered(tmp_path: Path, file: str) -> None:
    (tmp_path / file).symlink_to("/dev/full")
    stream, recorder = recorded(tmp_path)
    for _ in range(5):
        stream.sink.received(Port.CONSOLE, b"x\n" * 50_000)
    recorder.close()
    assert recorder.problem is not None
    assert recorder.problem.strerror == "No space left on device"


def test_record_that_cannot_be_begun(tmp_path: Path) -> None:
    (tmp_path / "boot.jsonl").mkdir()
    with pytest.raises(IsADirectoryError):
        Recorder(tmp_path, "boot")


def test_flood(tmp_path: Path) -> None:
    """Eight megabytes: nothing is lost, the panic at the end (torn in two) is found, memory does not grow with it."""
    before = flood.flood(1_000_000, tmp_path)
    done = flood.flood(8_000_000, tmp_path)
    assert done.ruling is not None
    assert done.ruling.outcome is Outcome.INIT_DIED
    assert done.ruling.cause == flood.PANIC.decode().strip()
    assert done.logged == sum(len(chunk) for chunk in flood.console(8_000_000)) > 7_900_000
    assert done.peak - before.peak < 8


def test_judge_keeps_nothing_of_a_flood() -> None:
    judge = judge_of()
    stream = EventStream()
    stream.subscribe(judge)
    for _ in range(50):
        stream.sink.received(Port.CONSOLE, b"noise\n" * 10_000)
    assert judge.reached == []
    assert judge.ruling is None
