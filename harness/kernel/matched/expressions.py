"""Kconfig's dependency expressions, as explain.c prints them: read, evaluated, and told in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import HostError

_TRISTATE = {"n": 0, "m": 1, "y": 2}
_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A symbol or a constant, with the value it has; empty for one that is not set."""

    name: str
    value: str

    @property
    def tristate(self) -> int:
        """0 to 2; what is no tristate counts as off."""
        return _TRISTATE.get(self.value, 0)

    @property
    def now(self) -> str:
        """Its value for people."""
        return self.value or "not set"


@dataclass(frozen=True, slots=True)
class Node:
    """An operator over leaves and nodes: &, |, !, or a comparison of two leaves."""

    sign: str
    parts: tuple[Leaf | Node, ...]


Expression = Leaf | Node


def parse(text: str) -> Expression:
    """Read one expression: `(& A:y (= B:m y:y))`. Raises HostError for anything else, which is a fault of ours."""
    tokens = iter(_TOKEN.findall(text))
    try:
        return _expression(next(tokens), tokens)
    except StopIteration:
        raise HostError(f"a dependency that cannot be read: {text[:200]}") from None


def _expression(token: str, rest: Iterator[str]) -> Expression:
    if token != "(":
        name, _, value = token.partition(":")
        return Leaf(name, value)
    sign = next(rest)
    parts = []
    while (token := next(rest)) != ")":
        parts.append(_expression(token, rest))
    return Node(sign, tuple(parts))


def value(expression: Expression) -> int:
    """Its tristate: 0 (n), 1 (m) or 2 (y)."""
    if isinstance(expression, Leaf):
        return expression.tristate
    if expression.sign in _COMPARISONS:
        return 2 if _compares(expression) else 0
    parts = [value(part) for part in expression.parts]
    if expression.sign == "!":
        return 2 - parts[0]
    return min(parts, default=2) if expression.sign == "&" else max(parts, default=0)


def unmet(expression: Expression, need: int) -> list[str]:
    """What keeps an expression below `need` (1 or 2), each as a clause: `FOO=y, which is m`."""
    if value(expression) >= need:
        return []
    if isinstance(expression, Leaf):
        return [f"{expression.name}={'y' if need == 2 else 'y or m'}, which is {expression.now}"]
    if expression.sign == "&":
        return list(dict.fromkeys(clause for part in expression.parts for clause in unmet(part, need)))
    if expression.sign == "|":
        ways = [" and ".join(unmet(part, need)) for part in expression.parts]
        return [" or ".join(dict.fromkeys(ways))]
    if expression.sign == "!":
        return [f"not {_told(expression.parts[0])}"]
    return [_told(expression)]


def selectors(expression: Expression, *, holding: bool = False) -> list[str]:
    """Who selects a symbol, of the sum of `SELECTOR & conditions` that Kconfig keeps; `holding`: who does so now."""
    if isinstance(expression, Node) and expression.sign == "|":
        return list(dict.fromkeys(name for part in expression.parts for name in selectors(part, holding=holding)))
    if holding and not value(expression):
        return []
    while isinstance(expression, Node):
        expression = expression.parts[0]
    return [] if expression.name in _TRISTATE else [expression.name]


def _compares(node: Node) -> bool:
    left, right = (part.value if isinstance(part, Leaf) else "" for part in node.parts)
    if node.sign in ("=", "!="):
        return (left == right) is (node.sign == "=")
    try:
        one, other = int(left, 0), int(right, 0)
    except ValueError:
        return False
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[node.sign]


def _told(expression: Expression) -> str:
    if isinstance(expression, Leaf):
        return f"{expression.name} (now {expression.now})"
    if expression.sign in _COMPARISONS:
        left, right = (part for part in expression.parts if isinstance(part, Leaf))
        return f"{left.name}{expression.sign}{right.name}, which is {left.now}"
    if expression.sign == "!":
        return f"not {_told(expression.parts[0])}"
    joined = " and " if expression.sign == "&" else " or "
    return f"({joined.join(_told(part) for part in expression.parts)})"
