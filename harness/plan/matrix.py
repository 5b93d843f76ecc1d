"""What matrix.yml may say: the schema, and the one place where kernel and media words are listed."""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from harness.plan.target import Model, Name

KernelKind = Literal["distro", "matched"]
KERNELS: tuple[str, ...] = get_args(KernelKind)
# A medium is a file in harness/doors/kinds. Its name is all that is needed here, and nothing of it is imported.
_DOORS = Path(__file__).parents[1] / "doors" / "kinds"
MEDIA: tuple[str, ...] = tuple(sorted(kind.name.replace("_", "-") for kind in pkgutil.iter_modules([str(_DOORS)])))
if TYPE_CHECKING:
    MediaKind = str
else:
    MediaKind = Literal[MEDIA]

# Suites the commands know by name. A matrix without `suites` has both, each with every cell.
QUICK = "quick"
NIGHTLY = "nightly"

# A name, or a shell glob (`*`, `?`, `[ab]`) over names or cell ids. Nothing in it has a meaning to a shell or QEMU
# once it has been matched against names that exist.
Glob = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_*?\[][a-z0-9_.*?\[\]!-]*$", max_length=200)]
Expr = Annotated[str, StringConstraints(pattern=r"^[ -~]+$", max_length=1000)]


class Axes(Model):
    """The matrix is the product of these four lists."""

    target: tuple[Glob, ...] = Field(("*",), min_length=1, description="target names or globs over them")
    image: tuple[Glob, ...] | None = Field(None, min_length=1, description="image names or globs; default: one image")
    kernel: tuple[KernelKind, ...] | None = Field(None, min_length=1, description="kernels; default: one kernel")
    media: tuple[MediaKind, ...] | None = Field(None, min_length=1, description="media; default: one medium")


class Exclude(Model):
    """Cells of the product to leave out: every key given must match."""

    target: Glob | None = Field(None, description="target name or glob")
    image: Glob | None = Field(None, description="image name or glob")
    kernel: Glob | None = Field(None, description="kernel or glob")
    media: Glob | None = Field(None, description="media or glob")

    @model_validator(mode="after")
    def _some(self) -> Exclude:
        if not self.model_fields_set:
            raise ValueError("an empty rule would exclude everything")
        return self


class Include(Model):
    """More cells, added after the exclusions; a missing axis takes its default."""

    target: Glob = Field(description="target name, or a glob for several")
    image: Name | None = None
    kernel: KernelKind | None = None
    media: MediaKind | None = None


class Defaults(Model):
    """What an axis is where nothing says otherwise."""

    image: Name = "minimal"
    kernel: KernelKind = "distro"
    media: MediaKind = "direct"


class ByExpr(Model):
    """The cells whose markers satisfy an expression, in the dialect of pytest's -m."""

    expr: Expr = Field(description="such as `arm64 and not iot`; words: arch, class, target, image, kernel, media")


def _selector_kind(value: Any) -> str:
    return "[expr]" if isinstance(value, dict | ByExpr) else "[glob]"


Selector = Annotated[Annotated[Glob, Tag("[glob]")] | Annotated[ByExpr, Tag("[expr]")], Discriminator(_selector_kind)]


class Retry(Model):
    """How often a cell is tried again. A pass after a failure is `flaky`, never `pass`."""

    errors: int = Field(1, ge=0, le=10, description="after verdict error (the harness or the host was at fault)")
    failures: int = Field(0, ge=0, le=10, description="after verdict fail")


def _every_cell() -> dict[Name, tuple[Selector, ...]]:
    return {QUICK: ("*",), NIGHTLY: ("*",)}


class Matrix(Model):
    """matrix.yml."""

    axes: Axes = Axes()
    exclude: tuple[Exclude, ...] = ()
    include: tuple[Include, ...] = ()
    defaults: Defaults = Defaults()
    suites: dict[Name, Annotated[tuple[Selector, ...], Field(min_length=1)]] = Field(
        default_factory=_every_cell,
        description="named sets of cells, each the union of its selectors: a target name, a cell id, a glob over "
        "either, or {expr: ...}. Every selector must match a cell. Without `suites`, quick and nightly are every cell",
    )
    retry: Retry = Retry()
