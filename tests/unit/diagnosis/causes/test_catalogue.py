"""The catalogue: how the rules are found and ordered, and what is asked of each."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness.diagnosis.causes
import harness.preflight
from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Explanation, Weight, explains
from harness.diagnosis.why import cause_of, explanations
from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, RUN, Bench

FOLDER = Path(harness.diagnosis.causes.__file__).parent
TESTS = Path(__file__).parent
PREFLIGHT = Path(harness.preflight.__file__).parent
PAGE = (Path(__file__).parents[4] / "docs" / "causes.md").read_text(encoding="utf-8")


def test_every_file_of_the_folder_has_rules() -> None:
    found = {rule.find.__module__.rpartition(".")[2] for rule in explanations()}
    assert found == {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}


def test_the_surest_come_first() -> None:
    weights = [rule.weight for rule in explanations()]
    assert all(before <= after for before, after in pairwise(weights))
    assert set(weights) == set(Weight)


def test_a_rule_is_asked_of_its_outcomes_only(bench: Bench) -> None:
    cause = Cause("x", "it was", (), "")
    rule = explains(Weight.STATED, Outcome.HANG, None)(lambda _: cause)
    assert isinstance(rule, Explanation)
    assert rule(bench.case(Outcome.HANG)) == rule(bench.case(None)) == cause
    assert rule(bench.case(Outcome.OOM)) is None
    assert explains(Weight.STATED)(lambda _: cause)(bench.case(Outcome.OOM)) == cause


def test_every_cause_has_a_test_of_its_name_and_stands_on_the_page() -> None:
    """A name that no test mentions is a rule that may be broken without anybody's noticing."""
    table = {
        name for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for name in re.findall(r"`([a-z-]+)`", row)
    }
    files = [FOLDER.parent / "why.py", *FOLDER.glob("*.py"), *PREFLIGHT.rglob("*.py"), *PREFLIGHT.rglob("*.yml")]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    tests = "".join(path.read_text(encoding="utf-8") for path in TESTS.glob("test_*.py"))
    by_rule = set(re.findall(r'Cause\(\s*"([a-z]+(?:-[a-z]+)+)"', source))
    assert by_rule <= table
    for name in table:
        kind = name.replace("elf-", "{kind}-").replace("script-", "{kind}-")
        assert any(mark in source for mark in (f'"{name}"', f'"{kind}"', f": {name}\n")), f"no rule has {name}"
        assert f'"{name}"' in tests or name not in by_rule, f"no test has {name}"


@pytest.mark.parametrize("outcome", [*Outcome, None])
def test_a_case_of_which_nothing_is_known(outcome: Outcome | None) -> None:
    """No facts, no console, no machine: at most the outcome by another name, and never a crash."""
    cause = cause_of(Case(outcome))
    assert cause is None or all(cause.evidence)


@given(
    outcome=st.sampled_from([*Outcome, None]),
    lines=st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=80), max_size=12),
)
def test_strange_lines_crash_nothing(outcome: Outcome | None, lines: list[str]) -> None:
    cause_of(Case(outcome, console=tuple(lines), memory=tuple(reversed(lines)), line="".join(lines)[:50]))


def test_its_time_grows_with_the_lines_only(bench: Bench) -> None:
    """Hostile lines cost no more than others of their length: no pattern runs wild."""
    plain = [f"usb 1-1: new device number {number} of a bus that says much" * 6 for number in range(400)]
    hostile = [("initrd: 0x" + "a" * 370), ("dhcpcd" * 60), ("cgroup " * 50), "x" * 390, ("Failed to start " * 24)]

    def seconds(lines: list[str]) -> float:
        cases = [bench.case(outcome, BANNER, RUN, *lines) for outcome in (Outcome.HANG, Outcome.SERVICE_FAILED)]
        best = 9.0
        for _ in range(3):
            started = time.process_time()
            for case in cases:
                cause_of(case)
            best = min(best, time.process_time() - started)
        return best

    assert seconds([hostile[number % 5] for number in range(400)]) < 12 * seconds(plain)
