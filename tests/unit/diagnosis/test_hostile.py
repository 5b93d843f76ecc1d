"""Input that means harm: time grows no faster than the input, and memory does not grow with it."""

from __future__ import annotations

import resource
import time

import pytest

from harness.diagnosis.attention import Attention
from harness.diagnosis.catalogue import all_rules
from harness.diagnosis.diagnoser import Diagnoser
from harness.diagnosis.needles import Search
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
    words = [b"w%03d;" % number for number in range(500)]  # so many that none of them is a flood by itself
    block = b"".join(words) * 6
    attention = Attention(Search(words))
    followed = sum(len(attention.hits(block)[0]) for _ in range(300))
    paid = 300 * (len(block) >> 10)
    assert paid < followed < (16 << 10) + paid + 500 * (1 << 6)
    assert attention.passed_over == 300 * 3000 - followed


def test_of_a_literal_that_comes_too_often_one_a_block_is_followed_up() -> None:
    attention = Attention(Search([b"BUG: ", b"Oops", b"panic"]))
    flood = b"BUG: " * 3000
    before = [len(attention.hits(flood)[0]) for _ in range(3)]
    assert before == [3000] * 3
    assert attention.hits(flood) == ([(0, 0, 5)], None)
    assert attention.passed_over == 2999


def test_beside_a_flood_the_others_are_followed_up_in_their_order() -> None:
    attention = Attention(Search([b"BUG: ", b"Oops", b"panic"]))
    flood = b"BUG: " * 3000
    for _ in range(3):
        attention.hits(flood)
    hits, found = attention.hits(b"panic" + flood + b"Oops" + flood + b"panic")
    assert [hit[0] for hit in hits] == [2, 0, 1, 2]
    assert found is None


def test_a_literal_is_looked_for_again_where_its_flood_has_ended() -> None:
    attention = Attention(Search([b"BUG: ", b"Oops", b"panic"]))
    for _ in range(4):
        attention.hits(b"BUG: " * 3000)
    calm = (b"nothing to say " * 200 + b"BUG: BUG: ") * 2
    hits, found = attention.hits(calm)
    assert [hit[0] for hit in hits] == [0] * 4
    assert found is hits


def test_however_the_floods_alternate_few_searches_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    search = Search([b"w%02d;" % number for number in range(12)])
    made = []
    without = search.without
    monkeypatch.setattr(search, "without", lambda numbers: made.append(numbers) or without(numbers))
    attention = Attention(search)
    for turn in range(1, 600):
        attention.hits(b"".join(search.literal(number) * 400 for number in range(12) if turn >> number & 1))
    assert len(made) == len(set(made)) == 24


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
