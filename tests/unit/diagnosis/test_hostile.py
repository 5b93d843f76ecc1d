"""Input that means harm: time grows no faster than the input, and memory does not grow with it."""

from __future__ import annotations

import resource
import time

import pytest

from harness.diagnosis.attention import Attention
from harness.diagnosis.catalogue import all_rules
from harness.diagnosis.diagnoser import Diagnoser
from harness.words import Outcome

PIECES = [
    *sorted({needle for rule in all_rules() for needle in rule.needles})[::7],
    "[    1.1",
    "[[[[",
    "<1>[1.1][",
    "\x1b[",
    "\x1b]0;",
    "^[[",
    "[    1.234567] ",
    " \r",
    "INFO: task x blocked for more than ",
    "kernel BUG at a:1",
    "Oops: aaaa ",
    "Linux version 6 elfcorehdr=",
    "RIP: 0010:[<ffffffff>] [<ffffffff>] a+0x",
    "GPR00: ",
    "root@host:~# ",
    "Kernel panic - not syncing: Oops [#1]\n[    1.1]  f+0x1/0x2\n",
]


def seconds(text: str, size: int) -> float:
    data = (text * (size // len(text) + 1))[:size].encode()
    best = 1e9
    for _ in range(2):
        diagnoser = Diagnoser()
        started = time.process_time()
        diagnoser.feed(data)
        diagnoser.finish()
        best = min(best, time.process_time() - started)
    return best


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("end", ["", "\n"])
def test_time_is_linear(piece: str, end: str) -> None:
    small, large = seconds(piece + end, 1 << 15), seconds(piece + end, 1 << 18)
    # Eight times the size: quadratic would be 64 times the time. The first milliseconds are the clock's own.
    assert large < 24 * max(small, 0.003)


@pytest.mark.parametrize(
    "line", [b"x" * (1 << 20), b"BUG: Oops " * 100_000, b"\x1b[31m" * 200_000, b"panic\n" * 170_000]
)
def test_memory_does_not_grow(line: bytes) -> None:
    diagnoser = Diagnoser()
    diagnoser.feed(line * 4)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(40):
        diagnoser.feed(line)
    diagnoser.finish()
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 32


def test_thousands_of_boots_and_findings_are_bounded() -> None:
    diagnoser = Diagnoser()
    for number in range(2000):
        diagnoser.feed(
            b"[    0.000000] Linux version 6.%d\n[    1.0] Kernel panic - not syncing: %d\n" % (number, number)
        )
    found = diagnoser.finish()
    assert found.outcome is Outcome.KERNEL_PANIC
    assert found.line == 4000
    assert len(found.boots) <= 200


FLOOD = b"".join(b"the BUG: and the Oops of number %d\n" % n for n in range(60_000))


def test_a_panic_in_a_flood_is_seen_and_the_flood_is_told() -> None:
    diagnoser = Diagnoser()
    diagnoser.feed(FLOOD + b"Kernel panic - not syncing: of nothing\n" + FLOOD)
    found = diagnoser.finish()
    assert (found.outcome, found.line) == (Outcome.KERNEL_PANIC, 60_001)
    assert found.note.startswith("the log is flooded with words of failures: ")


def test_a_few_thousand_lines_that_sound_bad_are_no_flood() -> None:
    diagnoser = Diagnoser()
    diagnoser.feed(FLOOD[: 1 << 18])
    assert not diagnoser.finish().note


def test_what_is_followed_up_of_a_flood_is_paid_by_its_bytes() -> None:
    attention = Attention()
    hits = [(place % 500, place, place + 3) for place in range(4000)]
    followed = sum(len(attention.ration(hits, 16_000)) for _ in range(1000))
    paid = 1000 * (16_000 >> 9)
    assert paid < followed < (24 << 10) + paid + 500 * (1 << 6)
    assert attention.passed_over == 4_000_000 - followed


def test_of_one_literal_in_a_flood_less_is_followed_up_than_of_many() -> None:
    attention = Attention()
    hits = [(1, place, place + 3) for place in range(4000)]
    followed = sum(len(attention.ration(hits, 16_000)) for _ in range(1000))
    assert followed == (8 << 10) + 1000 * (16_000 >> 11)
    assert attention.passed_over == 4_000_000 - followed


def test_beside_a_flood_of_one_literal_the_others_are_followed_up_in_their_order() -> None:
    attention = Attention()
    flood = [(1, place, place + 3) for place in range(1000)]
    for _ in range(20):
        attention.ration(flood, 16_000)
    among = [*flood[:300], (2, 300, 303), *flood[301:600], (3, 600, 603), *flood[601:]]
    chosen = attention.ration(among, 16_000)
    assert [hit[0] for hit in chosen] == [1] * (16_000 >> 11) + [2, 3]
    assert chosen == sorted(chosen, key=lambda hit: hit[2])


def test_the_first_of_ten_thousand_failures_is_kept() -> None:
    lines = [f"[    1.{n:06d}] Oops: 0000 [#{n % 99}] SMP\n" for n in range(10_000)]
    diagnoser = Diagnoser()
    diagnoser.feed("".join(lines).encode())
    assert diagnoser.finish().line == 1


def test_only_the_first_traces_are_read() -> None:
    diagnoser = Diagnoser()
    diagnoser.feed(b"[    1.0] Oops: 0000 [#1] SMP\n[    1.0]  sample+0x1/0x2\n" * 50)
    findings = diagnoser.finish().boots[0].findings
    assert sum(found.trace is not None for found in findings) == 24
    assert findings[0].trace


@pytest.mark.parametrize("before", [0, 1000, 60_000, 70_000, (1 << 20) - 20, (1 << 20) - 3, (1 << 21) + 7])
def test_a_panic_deep_in_an_endless_line_is_seen(before: int) -> None:
    diagnoser = Diagnoser()
    diagnoser.feed(b"x" * before + b" Kernel panic - not syncing: of nothing")
    found = diagnoser.finish()
    assert (found.outcome, found.line) == (Outcome.KERNEL_PANIC, 1)
