"""Whether a kernel meets a need: built in, or as a module that the initrd brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from harness.kernel.modules import normal
from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level
from harness.preflight.knowledge import Entry
from harness.words import Outcome


class Unmet(NamedTuple):
    """A need that is not met. `certain` is false where a module may yet come from somewhere."""

    symbol: str  # the first of the alternatives, with CONFIG_
    what: str
    certain: bool


def unmet(need: str, facts: Facts, *, early: bool = False) -> Unmet | None:
    """The need as it is missing, or None. `early`: before an initrd's modules could be loaded, so only =y will do."""
    absent: list[str] = []
    for symbol in need.split(" | "):
        value = facts.symbols.get(symbol)
        if value is None:
            absent.append("is not set")
        elif value != "m":
            return None
        elif early:
            absent.append("is m, and nothing can load a module yet")
        else:
            told = _as_module(symbol, facts)
            if told is None:
                return None
            absent.append(told)
    first, *others = need.split(" | ")
    what = f"CONFIG_{first} {absent[0]}"
    if others:
        what += f" (nor {', '.join(f'CONFIG_{other}' for other in others)})"
    return Unmet(f"CONFIG_{first}", what, certain=facts.config_certain)


def _as_module(symbol: str, facts: Facts) -> str | None:
    """Why a symbol that is =m does not help; None where it does, or may."""
    if facts.initrd is None:
        return "is m, and there is no initrd to load it from"
    module = facts.knowledge.modules.get(symbol)
    if module is None or not facts.initrd.complete or normal(module) in facts.modules:
        return None
    return f"is m, and the initrd has no module {module}"


def findings_of(
    entry: Entry,
    facts: Facts,
    why: str,
    *,
    needs: Iterable[str] | None = None,
    certain: bool = True,
    predicts: Outcome | None = None,
    early: bool = False,
    cause: str = "",
) -> Iterator[Finding]:
    """An entry's needs as errors (warnings unless `certain`), its wants as warnings. `needs` stands for its own.

    The first need that is not met is told: the others mostly depend on it.
    """
    for need in entry.needs if needs is None else needs:
        if missing := unmet(need, facts, early=early):
            level = Level.ERROR if certain and missing.certain else Level.WARNING
            yield Finding(level, missing.what, why, missing.symbol, predicts=predicts, cause=cause)
            return
    for want in entry.wants if needs is None else ():
        if missing := unmet(want, facts):
            yield Finding(Level.WARNING, missing.what, f"{entry.what} may not work", missing.symbol)
