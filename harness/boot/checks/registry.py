"""The kinds of checks, found by looking; and the checks of an image, read from its cell.yml."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union

from pydantic import ConfigDict, Discriminator, create_model

import harness.boot.checks
from harness.boot.checks.check import Check
from harness.plan.target import Model
from harness.plan.validate import validate
from harness.plan.yamlfile import load

_NO_KINDS = frozenset({"check", "registry"})


@cache
def kinds() -> tuple[type[Check], ...]:
    """All kinds, by the names of their files."""
    names = sorted(info.name for info in pkgutil.iter_modules(harness.boot.checks.__path__))
    modules = [importlib.import_module(f"harness.boot.checks.{name}") for name in names if name not in _NO_KINDS]
    return tuple(module.KIND for module in modules)


@cache
def _model() -> type[Model]:
    # A union made of what was found: pydantic takes it, mypy cannot see it.
    union: Any = Annotated[Union[kinds()], Discriminator("kind")]  # noqa: UP007 -- of a tuple
    found: type[Model] = create_model("Checks", __base__=_Loose, checks=(tuple[union, ...], ()))
    return found


class _Loose(Model):
    """The other keys of a cell.yml are the image room's."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def checks_of(path: Path) -> tuple[Check, ...]:
    """The checks in a cell.yml. Raises InputError with file, line and key."""
    document = load(path)
    found: tuple[Check, ...] = getattr(validate(_model(), document.data, document), "checks")  # noqa: B009
    return found
