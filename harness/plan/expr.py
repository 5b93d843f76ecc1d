"""Marker expressions: the dialect of pytest's -m (`arm64 and not (iot or hyperv)`).

Our own parser, because importing pytest's costs more than the whole of `bootmatrix list` may take; a test holds the
two to the same answers. Not taken over: pytest's `mark(key=value)`, since our markers have no arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import NoReturn

from harness.errors import InputError

MAX_LENGTH = 4000
MAX_DEPTH = 50

_TOKEN = re.compile(r"[ \t]*(?:([()])|([\w:+.\[\]\\/-]+)|([^ \t]))")

Test = Callable[[Set[str]], bool]


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: `matches(markers)`, and the words it uses."""

    text: str
    words: frozenset[str]
    matches: Test


def compile_expression(text: str) -> Expression:
    """Parse. InputError with the column (from 1) of what is wrong. As in pytest, an empty one matches nothing."""
    if len(text) > MAX_LENGTH:
        raise InputError(f"marker expression longer than {MAX_LENGTH} characters")
    parser = _Parser(text)
    test = (lambda _: False) if parser.token is None else parser.either()
    if parser.token is not None:
        parser.reject("'and', 'or' or the end")
    return Expression(text, frozenset(parser.words), test)


class _Parser:
    """expr: and ('or' and)*; and: not ('and' not)*; not: 'not' not | '(' expr ')' | word."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.end = 0
        self.depth = 0
        self.words: set[str] = set()
        self.token: str | None = None
        self.advance()

    def advance(self) -> None:
        found = _TOKEN.match(self.text, self.end)
        if found is None:  # nothing left but blanks
            self.token, self.start = None, len(self.text)
            return
        self.start, self.end = found.start(found.lastindex or 0), found.end()
        self.token = found[found.lastindex or 0]
        if found[3] is not None:
            self.reject("a word, 'and', 'or', 'not' or a parenthesis")

    def reject(self, expected: str) -> NoReturn:
        got = "the end" if self.token is None else repr(self.token[:40])
        shown = repr(self.text if len(self.text) <= 120 else self.text[:120] + "...")
        raise InputError(f"marker expression {shown}, column {self.start + 1}: expected {expected}, got {got}")

    def either(self) -> Test:
        tests = [self.both()]
        while self.token == "or":
            self.advance()
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda markers: any(test(markers) for test in tests)

    def both(self) -> Test:
        tests = [self.negated()]
        while self.token == "and":
            self.advance()
            tests.append(self.negated())
        return tests[0] if len(tests) == 1 else lambda markers: all(test(markers) for test in tests)

    def negated(self) -> Test:
        negate = False
        while self.token == "not":  # a loop, so that a thousand of them do not fill the stack
            negate = not negate
            self.advance()
        test = self.atom()
        return (lambda markers: not test(markers)) if negate else test

    def atom(self) -> Test:
        word = self.token
        if word == "(":
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise InputError(f"marker expression nested deeper than {MAX_DEPTH} parentheses")
            self.advance()
            test = self.either()
            if self.token != ")":
                self.reject("')'")
            self.depth -= 1
            self.advance()
            return test
        if word is None or word in (")", "and", "or"):
            self.reject("a word, 'not' or '('")
        self.words.add(word)
        self.advance()
        return lambda markers: word in markers
