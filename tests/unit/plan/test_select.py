"""Marker expressions against pytest's own, and the choice of cells."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from harness.errors import InputError
from harness.plan.cells import plan
from harness.plan.expr import MAX_DEPTH, compile_expression
from harness.plan.select import select

from .conftest import World, refused

WORDS = [
    "arm64",
    "x86_64",
    "x86_64-baremetal-uefi",
    "iot",
    "a.b",
    "a:b",
    "a/b",
    "a[0]",
    "True",
    "None",
    "ünï",
    "-x",
    "not-a",
]


def pytests_answer(text: str, markers: frozenset[str]) -> bool | None:
    try:
        return Expression.compile(text).evaluate(lambda name, /, **_: name in markers)
    except SyntaxError:
        return None


def our_answer(text: str, markers: frozenset[str]) -> bool | None:
    try:
        return compile_expression(text).matches(markers)
    except InputError:
        return None


def sentence(rng: random.Random, depth: int) -> str:
    kind = rng.choice("wwwnaop") if depth else "w"
    if kind == "n":
        return f"not {sentence(rng, depth - 1)}"
    if kind in "ao":
        return f"{sentence(rng, depth - 1)} {'and' if kind == 'a' else 'or'} {sentence(rng, depth - 1)}"
    return f"({sentence(rng, depth - 1)})" if kind == "p" else rng.choice(WORDS)


def test_same_answers_as_pytest() -> None:
    rng = random.Random(20)  # noqa: S311 - the same cases every time
    answers = []
    for _ in range(3000):
        markers = frozenset(rng.sample(WORDS, 5))
        text = sentence(rng, 5)
        answers.append(our_answer(text, markers))
        assert answers[-1] == pytests_answer(text, markers), text
    assert {True, False} == set(answers)


def test_same_refusals_as_pytest() -> None:
    rng = random.Random(21)  # noqa: S311 - the same cases every time
    tokens = [*WORDS, "and", "or", "not", "(", ")", " ", "\t", "&", "!", "*", "@", "\n", "  ", "\u00a0"]
    refusals = 0
    for _ in range(5000):
        text = rng.choice(["", " "]).join(rng.choices(tokens, k=rng.randint(0, 6)))
        expected = pytests_answer(text, frozenset(WORDS[:5]))
        refusals += expected is None
        assert our_answer(text, frozenset(WORDS[:5])) == expected, repr(text)
    assert 500 < refusals < 4900


def test_hostile_expressions_end_in_a_message() -> None:
    for text in ("(" * 3000, "a" * 5000, "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "mark(x=1)", "a\x1b[31m"):
        assert "marker expression" in refused(lambda text=text: compile_expression(text))
    assert compile_expression("not " * 900 + "a").matches(frozenset("a"))
    assert compile_expression(" or ".join(["a"] * 700)).matches(frozenset("a"))
    assert "column 5" in refused(lambda: compile_expression("iot ) or b"))


MATRIX = "axes: {image: [minimal, sshd]}\nsuites: {quick: ['*.minimal.*'], full: ['*']}"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, ["board.minimal", "board.sshd", "server.minimal", "server.sshd"]),
        ({"default_suite": "quick"}, ["board.minimal", "server.minimal"]),
        ({"suite": "quick", "expr": "arm64"}, ["board.minimal"]),
        ({"default_suite": "quick", "expr": "arm64"}, ["board.minimal", "board.sshd"]),
        ({"default_suite": "quick", "names": ["board.sshd.distro.direct"]}, ["board.sshd"]),
        ({"names": ["server", "board.sshd.*"]}, ["board.sshd", "server.minimal"]),
        ({"names": ["s*r"], "expr": "not quick"}, ["server.sshd"]),
        ({"names": ["*"], "suite": "quick"}, ["board.minimal", "server.minimal"]),
        ({"expr": "  "}, ["board.minimal", "board.sshd", "server.minimal", "server.sshd"]),
        ({"expr": "not riscv64 and sshd"}, ["board.sshd", "server.sshd"]),
    ],
)
def test_select(world: World, how: dict[str, object], expected: list[str]) -> None:
    cells = select(world.plan(MATRIX), **how)  # type: ignore[arg-type]
    assert [cell.id for cell in cells] == [f"{name}.distro.direct" for name in expected]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"names": ["bord"]}, "no cell or target 'bord'; did you mean 'board'?"),
        ({"names": ["board", "sever"]}, "no cell or target 'sever'; did you mean 'server'?"),
        ({"names": ["board.sshd.distro.drect"]}, "did you mean 'board.sshd.distro.direct'?"),
        ({"names": ["zz*"]}, "no cell or target 'zz*'"),
        ({"names": ["../x\x1b"]}, "no cell or target '../x\\x1b'"),
        ({"names": ["x" * 100000]}, "no cell or target 'xxx"),
        ({"expr": "amr64"}, "unknown marker 'amr64'; did you mean 'arm64'?"),
        ({"expr": "not quik"}, "unknown marker 'quik'; did you mean 'quick'?"),
        ({"expr": "riscv64"}, "no cell matches expression 'riscv64'"),
        (
            {"expr": "arm64 and cloud", "suite": "quick"},
            "no cell matches expression 'arm64 and cloud' and suite 'quick'",
        ),
        ({"suite": "quik"}, "unknown suite 'quik'; did you mean 'quick'?"),
        ({"suite": "quick", "names": ["*.sshd.*"]}, "no cell matches the names '*.sshd.*' and suite 'quick'"),
    ],
)
def test_select_refuses(world: World, how: dict[str, object], expected: str) -> None:
    made = world.plan(MATRIX)
    assert expected in refused(lambda: select(made, **how))  # type: ignore[arg-type]


def test_a_targets_name_alone_is_its_cell_with_the_defaults() -> None:
    """So that `run TARGET` and `console TARGET` mean one machine, whatever else the matrix boots on it."""
    found = plan(Path(__file__).resolve().parents[3])
    (cloud,) = select(found, ["x86_64-cloud-kvm"])
    assert cloud.id == "x86_64-cloud-kvm.minimal.distro.direct"
    (cell,) = select(found, ["raspi3b"])
    assert cell.id == "raspi3b.minimal.distro.direct"
    assert {each.kernel for each in select(found, ["raspi3b.*"])} == {"distro", "matched"}
    assert {each.kernel for each in select(found, ["raspi3b"], suite="nightly")} == {"distro", "matched"}
    assert {each.kernel for each in select(found, ["raspi3b"], "matched")} == {"matched"}
    assert {each.media for each in select(found, ["raspi3b.*"])} == {"direct", "uboot"}
