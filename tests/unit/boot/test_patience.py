"""Patience: an idle guest's time runs out on time, a busy host extends it, and nothing waits for ever."""

from __future__ import annotations

import pytest

from harness.boot.patience import Patience, RanOut

GRID = [(silence, deadline) for silence in (1.0, 7.0, 40.0) for deadline in (10.0, 180.0)]


def play(patience: Patience, *, share: float, chatter: float | None = None) -> tuple[float, str, int]:
    """Look when told to, on a host that keeps `share` of the time for itself, with a sign of life every `chatter`
    seconds. Returns when patience ran out, why, and how many looks that took."""
    now = 0.0
    for looks in range(1, 10_000):
        last = 0.0 if chatter is None else now - now % chatter
        answer = patience.look(now, last, share * now)
        if isinstance(answer, RanOut):
            return now, answer.kind, looks
        assert answer > 0
        now += answer
    raise AssertionError("never ran out")


@pytest.mark.parametrize(("silence", "deadline"), GRID)
def test_idle_guest_on_an_idle_host(silence: float, deadline: float) -> None:
    at, kind, looks = play(Patience(silence, deadline), share=0)
    assert at == pytest.approx(min(silence, deadline), abs=0.02)
    assert kind == ("silence" if silence < deadline else "deadline")
    assert looks <= 3


@pytest.mark.parametrize("share", [0.1, 0.5, 0.79])
@pytest.mark.parametrize(("silence", "deadline"), GRID)
def test_busy_host_extends_by_what_it_took(silence: float, deadline: float, share: float) -> None:
    at, _, looks = play(Patience(silence, deadline), share=share)
    assert at == pytest.approx(min(silence, deadline) / (1 - share), rel=0.02)
    assert looks < 100


@pytest.mark.parametrize("share", [0.8, 1.0, 25.0])
@pytest.mark.parametrize(("silence", "deadline"), GRID)
def test_never_more_than_five_times(silence: float, deadline: float, share: float) -> None:
    at, _, looks = play(Patience(silence, deadline), share=share)
    assert at == pytest.approx(5 * min(silence, deadline), rel=0.02)
    assert looks < 100


def test_chatter_postpones_silence_but_not_the_deadline() -> None:
    at, kind, looks = play(Patience(5, 60), share=0, chatter=1)
    assert (kind, at) == ("deadline", pytest.approx(60, abs=0.02))
    assert looks < 100


def test_what_was_held_back_before_the_silence_is_no_excuse_for_it() -> None:
    patience = Patience(10, 1000)
    patience.look(50, 49, 40)
    assert patience.look(59, 51, 40) == pytest.approx(2)
    ran_out = patience.look(61, 51, 40)
    assert isinstance(ran_out, RanOut)
    assert ran_out.kind == "silence"


def test_what_was_held_back_while_it_still_spoke_is_no_excuse_either() -> None:
    """No look fell between the host's business and the last sign of life: the signs themselves were looked at."""
    patience = Patience(10, 1000)
    for second in range(1, 41):
        patience.lives(second, lambda: 8.0)
    ran_out = patience.look(50.1, 40, 8.0)
    assert isinstance(ran_out, RanOut)


def test_what_is_held_back_is_not_asked_at_every_sign_of_life() -> None:
    asked: list[int] = []
    patience = Patience(10, 1000)
    for sign in range(1000):
        patience.lives(sign / 100, lambda: float(asked.append(1) or 0))
    assert 5 <= len(asked) <= 10


def test_held_back_during_the_silence_is_one() -> None:
    patience = Patience(10, 1000)
    patience.look(50, 50, 0)
    assert patience.look(61, 50, 5) == pytest.approx(4)


def test_counter_that_goes_back() -> None:
    """A thread of the machine ended, and its waiting with it."""
    patience = Patience(10, 100)
    patience.look(50, 50, 40)
    assert isinstance(patience.look(60, 50, 0), RanOut)
