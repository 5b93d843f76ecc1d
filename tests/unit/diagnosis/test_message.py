"""Prefixes of every recorder come off, and nothing else does."""

from __future__ import annotations

import pytest

from harness.diagnosis.message import message, messages, plain

WORDS = "Kernel panic - not syncing: of nothing"


@pytest.mark.parametrize(
    ("prefix", "at"),
    [
        ("", None),
        ("[    1.234567] ", 1.234567),
        ("[ 1234.567890][    T1] ", 1234.56789),
        ("[    1.234567][ C0] ", 1.234567),
        ("[    1.234567] [   T12] ", 1.234567),
        ("[    1.234567@1] ", 1.234567),
        ("<4>[    1.234567] ", 1.234567),
        ("<0>", None),
        ("Jan  2 03:04:05 board kernel: [    1.234567] ", 1.234567),
        ("Jan 12 03:04:05 board kernel: ", None),
        ("2024-01-02T03:04:05.678901+00:00 board kernel: ", None),
        ("2024-01-02T03:04:05.678Z ", None),
        ("[2024-01-02 03:04:05.678] [    1.234567] ", 1.234567),
        ("[03:04:05.678] [    1.234567] ", 1.234567),
        ("03:04:05.678 [    1.234567] ", 1.234567),
        ("Tue Jan  2 03:04:05 2024 ", None),
        ("kern  :emerg : [    1.234567] ", 1.234567),
        ("01-02 03:04:05.678   123   456 E kernel : ", None),
        ("[    1.234567,3] ", 1.234567),
        ("[    1.234567]  [0:      swapper/0:    1] ", 1.234567),
        ("[    1.234567]I[2:    kworker/2:1:   71] ", 1.234567),
        ("<4>[    1.234567]  (1)[88:kworker/1:1]", 1.234567),
        ("<0>[    1.234567] -(0)[1:swapper/0]", 1.234567),
        ("[    1.234567] c0 ", 1.234567),
        ("[    1.234567] c3   1234 (init) ", 1.234567),
        ("[12.345678 0.000123] [    1.234567] ", 1.234567),
        ("[   12s] [    1.234567] ", 1.234567),
        ("[178444175627.134970] ", 178444175627.13497),
        ("févr. 12 03:04:05 host kernel: ", None),
        ("Mär  2 03:04:05 host kernel: [    1.234567] ", 1.234567),
        ("> ", None),
        ("> > [    1.234567] ", 1.234567),
        (">>[    1.234567] ", 1.234567),
        ("[  240.] ", 240.0),
        ("[12340] ", None),
        ("Sat Jan  6 03:04:05 2024 kern.emerg kernel: [    1.234567] ", 1.234567),
        ("Jan  6 03:04:05 board kern.emerg kernel: [    1.234567] ", 1.234567),
        ("[    1.234567] <0>.(0)[0:swapper/0]", 1.234567),
    ],
)
def test_prefixes(prefix: str, at: float | None) -> None:
    found = message(prefix + WORDS + "\r")
    assert (found.text, found.at) == (WORDS, at)


@pytest.mark.parametrize(
    "text",
    [
        "[  OK  ] Started something.",
        "[FAILED] Failed to start it.",
        "[ BUG: bad thing! ]",
        "12 monkeys",
        "a: b",
        "=> bootm",
        "> echo 'Kernel panic - not syncing: a test'",
    ],
)
def test_what_is_no_prefix_stays(text: str) -> None:
    assert message(text).text == text


@pytest.mark.parametrize("between", ["", " "])
def test_glued_messages_are_taken_apart(between: str) -> None:
    line = f"random: fast init done{between}[    1.234567] {WORDS}"
    assert [found.text for found in messages(line)] == ["random: fast init done", WORDS]


def test_an_uptime_of_years_is_a_time_too() -> None:
    found = list(messages(f"vcpu-5 - Guest: <3>[39291577.009543] {WORDS}"))
    assert (found[-1].text, found[-1].at) == (WORDS, 39291577.009543)


def test_a_host_before_systemd_is_a_prefix() -> None:
    assert message("Jan  2 03:04:05 host systemd[1]: Freezing.").text == "systemd[1]: Freezing."
    assert message("[    1.234567] <hostname> dracut-initqueue[71]: Warning").text == "dracut-initqueue[71]: Warning"


def test_a_prefix_is_not_glued_text() -> None:
    assert [found.text for found in messages(f"Jan  2 03:04:05 board kernel: [    1.234567] {WORDS}")] == [WORDS]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (b"\x1b[1;31mred\x1b[0m", b"red"),
        (b"^[[1;31mred^[[0m", b"red"),
        (b"\\x1b[31mred\\x1b[0m", b"red"),
        (b"\x1b]0;title\x07text", b"text"),
        (b"\x00a\x00b", b"ab"),
        (b"\x1b[2J\x1b[H\x1b=text", b"text"),
        (b"one\n\x1b[K\ntwo", b"one\n\ntwo"),
    ],
)
def test_escape_sequences_go_and_lines_stay(raw: bytes, clean: bytes) -> None:
    assert plain(raw) == clean


def test_an_endless_escape_sequence_swallows_no_line() -> None:
    raw = b"\x1b]0;" + b"x" * 10_000 + b"\nKernel panic\n"
    assert plain(raw).endswith(b"\nKernel panic\n")
