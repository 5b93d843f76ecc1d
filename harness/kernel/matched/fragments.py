"""Fragments: what is asked of a kernel's configuration, symbol by symbol, each with the file and line that asks.

harness/kernel/config/base.config             every kernel
harness/kernel/config/arch/<arch>.config      every kernel of an architecture
harness/kernel/config/features/<name>.config  what targets and images name under `features`
targets/<name>/kernel.config                  what only this hardware needs
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError, Where
from harness.plan.target import Target
from harness.plan.validate import suggestion
from harness.plan.yamlfile import shown, shown_path

CONFIG = Path(__file__).resolve().parents[1] / "config"
TARGET_FRAGMENT = "kernel.config"
_LONGEST = 1 << 20  # bytes of a fragment; the whole .config of a distribution has a quarter of it

_SET = re.compile(r'CONFIG_([A-Za-z0-9_]{1,200})=(y|m|n|-?[0-9]+|0[xX][0-9A-Fa-f]+|"(?:[^"\\\x00-\x1f]|\\["\\])*")')
_UNSET = re.compile(r"# CONFIG_([A-Za-z0-9_]{1,200}) is not set")


@dataclass(frozen=True, slots=True)
class Request:
    """One symbol (without CONFIG_) and the value asked for, as a .config has it; `n` for one that is to be off."""

    symbol: str
    value: str
    where: Where

    @property
    def line(self) -> str:
        """As Kconfig reads it."""
        return f"# CONFIG_{self.symbol} is not set" if self.value == "n" else f"CONFIG_{self.symbol}={self.value}"


@dataclass(frozen=True, slots=True)
class Fragment:
    """One file of requests."""

    path: Path
    requests: tuple[Request, ...]


def fragments_of(target: Target, features: Iterable[str] = ()) -> tuple[Fragment, ...]:
    """All fragments of a target, the general ones first. `features`: those that an image asks for, besides its own.

    Raises InputError for a feature that does not exist and for a line that cannot be read.
    """
    paths = [CONFIG / "base.config", CONFIG / "arch" / f"{target.arch}.config"]
    if not paths[1].is_file():
        raise InputError(f"there is no kernel configuration for {target.arch}", hint=f"write {shown_path(paths[1])}")
    known = {path.stem: path for path in (CONFIG / "features").glob("*.config")}
    for feature in dict.fromkeys((*target.kernel.features, *features)):
        if feature not in known:
            raise InputError(
                f"there is no kernel feature {shown(feature)}",
                where=Where(f"targets/{target.name}/target.yml", key="kernel.features"),
                hint=suggestion(feature, known),
            )
        paths.append(known[feature])
    own = [folder / TARGET_FRAGMENT for folder in target.folders]
    return tuple(read_fragment(path) for path in (*paths, *(path for path in own if path.is_file())))


def read_fragment(path: Path) -> Fragment:
    """Read one file. Raises InputError for a line that is neither a request nor a comment, and a symbol asked twice."""
    try:
        if path.stat().st_size > _LONGEST:
            raise InputError("is too large for a fragment", where=Where(shown_path(path)))
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise InputError(f"cannot be read: {reason}", where=Where(shown_path(path))) from problem
    return Fragment(path, tuple(parse(text, shown_path(path))))


def parse(text: str, file: str) -> Sequence[Request]:
    """The requests of a fragment's text. Pure."""
    found: dict[str, Request] = {}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()  # noqa: PLW2901
        where = Where(file, number)
        if match := _SET.fullmatch(line) or _UNSET.fullmatch(line):
            request = Request(match[1], match[2] if match.re is _SET else "n", where)
            first = found.setdefault(request.symbol, request)
            if first.value != request.value:
                raise InputError(
                    f"CONFIG_{request.symbol}={request.value} contradicts line {first.where.line}, "
                    f"which asks for {first.value}",
                    where=where,
                    hint="keep one of them",
                )
        elif line and not line.startswith("#"):
            raise InputError(
                f"{shown(line[:80])} is no line of a kernel configuration",
                where=where,
                hint='write CONFIG_NAME=y, m, n, a number or a "text"; comments begin with #',
            )
    return tuple(found.values())


def merged(fragments: Sequence[Fragment], lineage: Sequence[Path] = ()) -> Mapping[str, Request]:
    """All requests by symbol, in order. Pure.

    `lineage`: the folders of the targets that extend one another, the oldest first: there, and only there, a later
    fragment may ask for something else than an earlier one. Any other contradiction raises InputError with both places.
    """
    family = {folder / TARGET_FRAGMENT for folder in lineage}
    found: dict[str, tuple[Request, bool]] = {}
    for fragment in fragments:
        own = fragment.path in family
        for request in fragment.requests:
            before, inherited = found.get(request.symbol, (request, own))
            if before.value != request.value and not (own and inherited):
                raise InputError(
                    f"CONFIG_{request.symbol}={request.value} contradicts {before.where}, "
                    f"which asks for {before.value}",
                    where=request.where,
                    hint="change one of the two, or the target's features",
                )
            found[request.symbol] = (request, own)
    return {symbol: request for symbol, (request, _) in sorted(found.items())}
