"""QEMU and the host: each cause, and what is close to it and is none."""

from __future__ import annotations

from typing import Any

import pytest

from harness.words import Event, Outcome, Source
from tests.unit.diagnosis.causes.conftest import BANNER, Bench


def exited(words: str = "", **data: Any) -> tuple[Event, ...]:
    how = f"killed by {data['signal']}" if data.get("signal") else f"exited with status {data.get('status', 0)}"
    text = f"QEMU {how}" + (f": {words}" if words else "")
    return (Event(1, Source.PROCESS, "exit", text, {"signal": None, "status": None} | data),)


def qmp(kind: str, **data: Any) -> tuple[Event, ...]:
    return (Event(1, Source.QMP, kind, f"{kind} {data}", data),)


def board(words: str) -> tuple[Event, ...]:
    return (Event(1, Source.PROCESS, "exit", f"board desk-1: {words}", {}),)


def not_started(words: str) -> str:
    return f"qemu-system-aarch64 exited with status 1 before the machine could start: {words}"


@pytest.mark.parametrize(
    ("told", "wanted", "part"),
    [
        (exited(signal="SIGKILL"), "qemu-killed", "SIGKILL"),
        (exited(signal="SIGSEGV"), "qemu-killed", "crashed"),
        (exited("cannot set up guest memory: Cannot allocate memory", status=1), "host-out-of-memory", ""),
        (exited("Bad ram pointer", status=1), "qemu-refused", "Bad ram pointer"),
        (qmp("SHUTDOWN", guest=False, reason="host-signal"), "qemu-killed", "signal"),
        (qmp("BLOCK_IO_ERROR", nospace=True, operation="write"), "host-out-of-disk", "write"),
        (qmp("BLOCK_IO_ERROR", nospace=False, operation="read"), "host-disk-error", "disk"),
        (board("console /dev/ttyUSB0 has ended"), "console-lost", "/dev/ttyUSB0"),
        (board("its power supply is off"), None, ""),
        (qmp("STOP"), None, ""),
        (exited(status=0), None, ""),
    ],
)  # fmt: skip
def test_what_ended_it(bench: Bench, told: tuple[Event, ...], wanted: str | None, part: str) -> None:
    cause = bench.cause(Outcome.MACHINE_DIED, BANNER, told=told, line="it died")
    assert (cause.id if cause else None) == wanted
    if cause:
        assert part in cause.text
        assert cause.evidence[0] == told[0].text


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("-m 16G: unable to map backing store for guest RAM: Cannot allocate memory", "host-out-of-memory"),
        ("unsupported machine type", "qemu-refused"),
        ("could not load kernel '/x/kernel'", "not-a-kernel"),
        ("initrd is too large, cannot support. (max: 1, need 2)", "initrd-too-big"),
    ],
)
def test_it_never_started(bench: Bench, words: str, wanted: str) -> None:
    trouble = not_started(words)
    cause = bench.cause(None, trouble=trouble, line=trouble)
    assert cause
    assert cause.id == wanted
    assert trouble in cause.evidence


def test_it_was_killed_before_it_started(bench: Bench) -> None:
    trouble = "qemu-system-arm killed by SIGKILL before the machine could start: it said nothing"
    assert bench.id(None, trouble=trouble, line=trouble) == "qemu-killed"


def test_the_log_could_not_be_written(bench: Bench) -> None:
    trouble = "the console log /x/c.log cannot be written: No space left on device; make room on that disk"
    assert bench.id(None, trouble=trouble, line=trouble) == "host-out-of-disk"


def test_a_full_disk_of_the_guests_is_not_the_hosts(bench: Bench) -> None:
    full = "sh: write error: No space left on device"
    assert bench.id(Outcome.SERVICE_FAILED, BANNER, full, line="a failed") == "guest-disk-full"


def test_an_end_that_was_ours_is_none(bench: Bench) -> None:
    assert bench.id(Outcome.HANG, BANNER, told=exited(signal="SIGKILL")) is None
