"""Kconfig's dependencies, told in words."""

from __future__ import annotations

import pytest

from harness.errors import HostError
from harness.kernel.matched.expressions import parse, selectors, unmet, value


@pytest.mark.parametrize(
    ("text", "tristate"),
    [
        ("A:y", 2), ("A:m", 1), ("A:n", 0), ("A:", 0), ("A:115200", 0),
        ("(& A:y B:m)", 1), ("(| A:n B:m)", 1), ("(! A:y)", 0), ("(! A:m)", 1), ("(| )", 0), ("(& )", 2),
        ("(= A:m m:m)", 2), ("(!= A:m m:m)", 0), ("(>= A:120200 120000:120000)", 2), ("(< A:x 1:1)", 0),
    ],
)  # fmt: skip
def test_value(text: str, tristate: int) -> None:
    assert value(parse(text)) == tristate


@pytest.mark.parametrize(
    ("text", "need", "clauses"),
    [
        ("(& A:y PL011:m)", 2, ["PL011=y, which is m"]),
        ("(& A:y PL011:m)", 1, []),
        ("(& A:n (& B:n A:n))", 2, ["A=y, which is n", "B=y, which is n"]),
        ("(| A:n B:n)", 2, ["A=y, which is n or B=y, which is n"]),
        ("(! A:y)", 2, ["not A (now y)"]),
        ("(= VERSION:9 12:12)", 2, ["VERSION=12, which is 9"]),
        ("A:", 1, ["A=y or m, which is not set"]),
    ],
)
def test_unmet(text: str, need: int, clauses: list[str]) -> None:
    assert unmet(parse(text), need) == clauses


def test_who_selects() -> None:
    told = parse("(| (& A:y (& B:y C:y)) (| (& D:n E:y) F:n))")
    assert selectors(told) == ["A", "D", "F"]
    assert selectors(told, holding=True) == ["A"]
    assert selectors(parse("n:n")) == []


@pytest.mark.parametrize("text", ["", "(", "(& A:y", "(& (| A:y)"])
def test_what_cannot_be_read_is_a_fault_of_ours(text: str) -> None:
    with pytest.raises(HostError):
        parse(text)
