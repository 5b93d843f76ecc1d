"""From matrix.yml to cells: the product of the axes, less the exclusions, plus the inclusions, each in its suites."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.plan.catalog import Catalog, builtin_root
from harness.plan.expr import Expression, compile_expression
from harness.plan.matrix import KERNELS, MEDIA, ByExpr, Defaults, Include, Matrix, Retry
from harness.plan.target import RESERVED, Target
from harness.plan.validate import suggestion, validate
from harness.plan.yamlfile import Document, Loc, load, shown
from harness.words import Arch, TargetClass

MATRIX_FILE = "matrix.yml"
MAX_CELLS = 1_000_000

AXES = ("target", "image", "kernel", "media")
Point = tuple[str, str, str, str]

# Words an expression may use even where no cell has them: `not s390x` is right on any matrix.
VOCABULARY = frozenset((*(arch.value for arch in Arch), *(kind.value for kind in TargetClass), *KERNELS, *MEDIA))


@dataclass(frozen=True)
class Cell:
    """One point of the matrix. Compared and hashed by what it is made of; `id` is unique in a plan."""

    target: Target
    image: str
    kernel: str
    media: str
    suites: tuple[str, ...] = ()
    retry: Retry = field(default_factory=Retry)
    image_file: Path | None = None

    def __hash__(self) -> int:
        return hash(self.id)

    @cached_property
    def id(self) -> str:
        """`target.image.kernel.media`; none of the four can contain a dot."""
        return f"{self.target.name}.{self.image}.{self.kernel}.{self.media}"

    @cached_property
    def markers(self) -> frozenset[str]:
        """The words by which `-m` finds it."""
        return frozenset((*_own_markers(self.target, self.image, self.kernel, self.media), *self.suites))

    def as_json(self) -> dict[str, Any]:
        """An entry of `bootmatrix list --json`."""
        return {
            "cell": self.id,
            "target": self.target.name,
            "arch": self.target.arch.value,
            "class": self.target.class_.value,
            "machine": self.target.machine.type,
            "image": self.image,
            "kernel": self.kernel,
            "media": self.media,
            "markers": sorted(self.markers),
        }


@dataclass(frozen=True)
class Plan:
    """Everything there is to run. `cells` are in the order of the matrix; `suites` are its names of them."""

    cells: tuple[Cell, ...]
    matrix: Path
    suites: tuple[str, ...]
    catalog: Catalog
    defaults: Defaults  # image, kernel and media of the cells that a target's name alone stands for

    @cached_property
    def by_id(self) -> dict[str, Cell]:
        """The cells by their id."""
        return {cell.id: cell for cell in self.cells}

    @cached_property
    def markers(self) -> frozenset[str]:
        """Every marker an expression may use."""
        return VOCABULARY.union(self.suites, *(cell.markers for cell in self.cells))


def find_matrix(start: Path | None = None) -> Path:
    """The matrix.yml in use.

    A file is taken as it is. From a folder (the current one when None) the search goes up to the root of the git
    checkout or the home folder; the built-in matrix is used when nothing is found. Folders that anybody may write to
    (/tmp) are not looked into on the way up.
    """
    if start is not None and not start.is_dir():
        return start
    try:
        begin = (start or Path()).resolve()
        home = Path.home()
    except (OSError, RuntimeError):  # no current folder, or nobody's home
        return builtin_root() / MATRIX_FILE
    for folder in (begin, *begin.parents):
        try:
            if folder != begin and folder.stat().st_mode & 0o002:
                break
            if (folder / MATRIX_FILE).exists():
                return folder / MATRIX_FILE
            if folder == home or (folder / ".git").exists():
                break
        except OSError:  # a folder above that may not be looked into
            break
    return builtin_root() / MATRIX_FILE


def plan(start: Path | None = None) -> Plan:
    """Read the matrix (see find_matrix) and the targets it names, and make its cells. InputError for what is wrong."""
    path = find_matrix(start)
    document = load(path)
    return Planner(document, validate(Matrix, document.data, document), Catalog(path.parent)).plan()


class Planner:
    """One matrix being worked out; it holds what every message needs (the file) and every step needs (the names)."""

    def __init__(self, document: Document, matrix: Matrix, catalog: Catalog) -> None:
        self.document = document
        self.matrix = matrix
        self.catalog = catalog
        self.known: dict[str, Sequence[str]] = {
            "target": catalog.names,
            "image": tuple(catalog.images),
            "kernel": KERNELS,
            "media": MEDIA,
        }

    def plan(self) -> Plan:
        """All steps."""
        points = self.points()
        targets = {point[0]: None for point in points}
        resolved = {name: self.catalog.target(name) for name in targets}
        images = {image: self.catalog.image(image) for image in {point[1] for point in points}}
        suites = self.suites(points, resolved)
        cells = tuple(
            Cell(resolved[point[0]], *point[1:], names, self.matrix.retry, images[point[1]])
            for point, names in zip(points, suites, strict=True)
        )
        names = tuple(self.matrix.suites)
        return Plan(cells, self.document.path, names, self.catalog, self.matrix.defaults)

    def bad(self, what: str, loc: Loc, hint: str | None = None) -> InputError:
        return InputError(what, where=self.document.where(loc), hint=hint)

    def expand(self, axis: str, pattern: str, loc: Loc) -> list[str]:
        """The names of an axis that a name or glob stands for; one that stands for nothing is a mistake."""
        known = self.known[axis]
        found = [pattern] if pattern in known else matching(pattern, known) if has_glob(pattern) else []
        if not found:
            kind = "no {} matches" if has_glob(pattern) else "unknown {}"
            raise self.bad(f"{kind.format(axis)} {shown(pattern)}", loc, suggestion(pattern, known))
        return found

    def axis(self, axis: str) -> list[str]:
        patterns = getattr(self.matrix.axes, axis)
        if patterns is None:
            return self.expand(axis, getattr(self.matrix.defaults, axis), ("defaults", axis))
        found: dict[str, None] = {}
        for index, pattern in enumerate(patterns):
            found.update(dict.fromkeys(self.expand(axis, pattern, ("axes", axis, index))))
        return list(found)

    def points(self) -> list[Point]:
        """The cells' coordinates, in order and without repetition."""
        # A matrix of inclusions only is allowed to leave the axes out.
        whole = "axes" in self.matrix.model_fields_set or not self.matrix.include
        axes = [self.axis(axis) for axis in AXES] if whole else [[], [], [], []]
        if len(axes[0]) * len(axes[1]) * len(axes[2]) * len(axes[3]) > MAX_CELLS:
            raise self.bad(f"the matrix has more than {MAX_CELLS} cells", ("axes",), "narrow an axis")
        drop = self.exclusions()
        targets, images, kernels, media = axes
        points = {
            (target, image, kernel, medium): None
            for target in targets
            for image in images
            for kernel in kernels
            for medium in media
            if not any(target in t and image in i and kernel in k and medium in m for t, i, k, m in drop)
        }
        for index, include in enumerate(self.matrix.include):
            points.update(dict.fromkeys(self.inclusion(include, ("include", index))))
        if not points:
            raise self.bad("the matrix has no cells", ("exclude",), "the exclusions leave nothing")
        return list(points)

    def exclusions(self) -> list[tuple[frozenset[str], ...]]:
        """A rule as the four sets of names that it matches."""
        rules = []
        for index, rule in enumerate(self.matrix.exclude):
            sets = []
            for axis in AXES:
                pattern = getattr(rule, axis)
                names = self.known[axis] if pattern is None else self.expand(axis, pattern, ("exclude", index, axis))
                sets.append(frozenset(names))
            rules.append(tuple(sets))
        return rules

    def inclusion(self, include: Include, loc: Loc) -> list[Point]:
        one: list[str] = []
        for axis in AXES[1:]:
            given = getattr(include, axis)
            at = (*loc, axis) if given is not None else ("defaults", axis)
            one += self.expand(axis, given or getattr(self.matrix.defaults, axis), at)
        image, kernel, medium = one
        return [(target, image, kernel, medium) for target in self.expand("target", include.target, (*loc, "target"))]

    def suites(self, points: Sequence[Point], targets: dict[str, Target]) -> list[tuple[str, ...]]:
        """The suites of each point."""
        members: list[tuple[str, ...]] = [()] * len(points)
        ids = [".".join(point) for point in points]
        markers = [frozenset(_own_markers(targets[point[0]], *point[1:])) for point in points]
        words = VOCABULARY.union(*markers)
        for suite, selectors in self.matrix.suites.items():
            if suite in words or suite in RESERVED:
                raise self.bad(f"{suite!r} already is a marker", ("suites", suite), "give the suite another name")
            chosen: set[int] = set()
            for index, selector in enumerate(selectors):
                loc: Loc = ("suites", suite, index)
                if isinstance(selector, ByExpr):
                    expression = self.expression(selector.expr, words, (*loc, "expr"))
                    found = [at for at, has in enumerate(markers) if expression.matches(has)]
                else:
                    found = _named(selector, points, ids)
                if not found:
                    text = selector.expr if isinstance(selector, ByExpr) else selector
                    near = None if isinstance(selector, ByExpr) else suggestion(text, (*targets, *ids))
                    raise self.bad(f"no cell matches {shown(text)}", loc, near)
                chosen.update(found)
            for at in chosen:
                members[at] += (suite,)
        return members

    def expression(self, text: str, words: frozenset[str], loc: Loc) -> Expression:
        """A suite's expression; suites themselves are not words of it."""
        try:
            expression = compile_expression(text)
            check_words(expression, words)
        except InputError as error:
            raise self.bad(error.what, loc, error.hint) from None
        return expression


def check_words(expression: Expression, words: Iterable[str]) -> None:
    """Refuse a word that is no marker: a typo would select nothing, or with `not` everything."""
    known = frozenset(words)
    for word in sorted(expression.words - known):
        raise InputError(f"unknown marker {shown(word)}", hint=suggestion(word, known, "known markers are"))


def has_glob(pattern: str) -> bool:
    """Whether a name is a glob."""
    return any(sign in pattern for sign in "*?[")


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names a glob matches, in their order. Case matters on every system."""
    match = re.compile(fnmatch.translate(pattern)).match
    return [name for name in names if match(name)]


def _named(pattern: str, points: Sequence[Point], ids: Sequence[str]) -> list[int]:
    """The positions of the cells that a cell id, a target name or a glob over either stands for."""
    if not has_glob(pattern):
        return [at for at, point in enumerate(points) if pattern in (point[0], ids[at])]
    match = re.compile(fnmatch.translate(pattern)).match
    targets = {name: bool(match(name)) for name in {point[0] for point in points}}
    return [at for at, point in enumerate(points) if targets[point[0]] or match(ids[at])]


def _own_markers(target: Target, image: str, kernel: str, media: str) -> tuple[str, ...]:
    return (target.arch.value, target.class_.value, target.name, image, kernel, media)
