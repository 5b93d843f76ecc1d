"""clean() makes anything safe; width() and fit() measure what a terminal shows."""

from __future__ import annotations

import sys
from xml.etree import ElementTree as ET

import pytest

from harness.report.text import clean, fit, width


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("plain text", "plain text"),
        ("héllo 漢字 ✓", "héllo 漢字 ✓"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("\x00\x07\x7f\x9b", "\\x00\\x07\\x7f\\x9b"),
        ("one\ntwo\r\n", "one\\x0atwo\\x0d\\x0a"),
        ("a\tb", "a b"),
        ("\u202eevil\u2069\u200b", "\\u202eevil\\u2069\\u200b"),
        ("\ud800\udcff", "\\ud800\\udcff"),
        ("\ufffe\uffff\u2028", "\\ufffe\\uffff\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        (b"caf\xc3\xa9 \xff\x1b", "café \\xff\\x1b"),
    ],
)
def test_dangerous_characters_become_visible(dirty: str | bytes, expected: str) -> None:
    assert clean(dirty) == expected


def test_no_character_at_all_survives_that_is_not_printable() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    cleaned = clean(everything, 10 * len(everything))
    assert cleaned.isprintable()
    ET.fromstring(f"<x>{cleaned.replace('&', '').replace('<', '')}</x>")  # noqa: S314 -- our own XML
    cleaned.encode("utf-8")


@pytest.mark.parametrize("limit", [1, 2, 7, 500])
@pytest.mark.parametrize("char", ["a", "\x1b", "\U000e0041", "漢"])
def test_length_is_bounded_and_cleaning_twice_changes_nothing(limit: int, char: str) -> None:
    once = clean(char * 1000, limit)
    assert len(once) == limit
    assert once.endswith("…")
    assert clean(once, limit) == once
    assert len(clean((char * 1000).encode(), limit)) <= limit


def test_a_cut_byte_string_keeps_as_much_as_a_cut_text() -> None:
    assert clean("漢字" * 50, 11) == clean(("漢字" * 50).encode(), 11)


def test_width_and_fit_count_columns_not_characters() -> None:
    assert [width("abc"), width("漢字"), width("e\u0301")] == [3, 4, 1]
    assert fit("漢字漢字", 8) == "漢字漢字"
    assert fit("漢字漢字", 6) == "漢字…"
    assert fit("abcdef", 3) == "ab…"
    assert fit("abc", 0) == ""
