"""Each rule: knows its example, is needed for it, and its needles let no match go by."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.diagnosis.catalogue import all_rules
from harness.diagnosis.diagnoser import Diagnoser
from harness.diagnosis.diagnosis import Severity
from harness.diagnosis.message import message
from harness.diagnosis.rule import Rule
from tests.unit.diagnosis.expected import EXPECTED

RULES = all_rules()
EVERY = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def answer(rule: Rule, rules: Sequence[Rule]) -> tuple[str, str, tuple[str, ...]]:
    """Outcome, title of the failure, titles of the warnings."""
    diagnoser = Diagnoser(rules)
    # What the boot loader merely tried decides at its prompt.
    diagnoser.feed((rule.example + ("\n=> " if rule.severity is Severity.ATTEMPT else "")).encode())
    found = diagnoser.finish()
    title = found.title if found.boots[-1].finding else ""
    return found.outcome.value, title, tuple(warning.title for warning in found.warnings)


def test_every_rule_is_expected() -> None:
    assert sorted(EXPECTED) == sorted(rule.name for rule in RULES)


@EVERY
def test_example_is_understood(rule: Rule) -> None:
    outcome, title, others = answer(rule, RULES)
    assert (outcome, title or (others[0] if others else "")) == EXPECTED[rule.name]
    if rule.severity is not Severity.BENIGN:
        assert outcome == (rule.outcome.value if rule.outcome else "incomplete")


@EVERY
def test_rule_is_needed(rule: Rule) -> None:
    without = [other for other in RULES if other is not rule]
    assert answer(rule, without) != answer(rule, RULES)


@EVERY
def test_no_match_goes_by_the_needles(rule: Rule) -> None:
    """What the pattern matches holds a needle: else the rule would never be tried on it."""

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(rule.compiled))
    def holds(text: str) -> None:
        found = rule.compiled.search(text)
        assert found
        line = text.replace("\n", " ")
        if rule.compiled.search(line):
            assert any(needle in line for needle in rule.needles)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        holds()


@EVERY
def test_pattern_cannot_run_away(rule: Rule) -> None:
    """No star and no plus over more than one kind of thing: every quantifier is bounded."""
    assert "*" not in rule.pattern.replace(r"\*", "").replace("=*", "").replace(r"\s*", "")
    assert ".+" not in rule.pattern
    assert rule.compiled.search(message(rule.example.split("\n")[0]).text)


# The words of these have one meaning wherever they stand.
PLAIN = [rule for rule in RULES if rule.name not in {"grub-rescue", "dropped-to-shell"}]


@pytest.mark.parametrize("rule", PLAIN, ids=lambda rule: rule.name)
def test_words_of_the_rule_in_a_sentence_are_no_failure(rule: Rule) -> None:
    """The needle alone, within other text, is not the line."""
    for needle in rule.needles:
        diagnoser = Diagnoser()
        diagnoser.feed(f"the manual explains what '{needle.strip()}' would mean here\n".encode())
        found = diagnoser.finish()
        if rule.compiled.search(f"the manual explains what '{needle.strip()}' would mean here"):
            continue  # the needle is all there is to it
        assert found.boots[-1].finding is None or found.boots[-1].finding.rule != rule.name
