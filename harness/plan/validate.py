"""pydantic's verdict on a file, told as one line: which file, line and key, what was expected, and the nearest name."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable
from typing import Annotated, Any, NoReturn, Protocol, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_json

from harness.errors import InputError, Where
from harness.plan.yamlfile import Loc, shown

M = TypeVar("M", bound=BaseModel)


class Origin(Protocol):
    """Where data came from: one file, or a file and those it extends."""

    def reach(self, loc: Loc) -> tuple[int, int, bool]: ...

    def where(self, loc: Loc = ()) -> Where: ...


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The valid name that `word` was probably meant to be."""
    # Long words are cut: the comparison is quadratic and the word may be hostile.
    found = difflib.get_close_matches(word[:100], sorted(set(names)), n=1, cutoff=0.5)
    return found[0] if found else None


def suggestion(word: str, names: Iterable[str], label: str = "known names are") -> str:
    """A hint: the nearest name, or failing that the first of them all."""
    known = sorted(set(names))
    if (near := nearest(word, known)) is not None:
        return f"did you mean {near!r}?"
    if not known:
        return "there are none"
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return f"{label} {', '.join(known[:8])}{more}"


def validate(model: type[M], data: Any, origin: Origin, extra_keys: tuple[str, ...] = ()) -> M:
    """Check `data` (plain data of a YAML file) strictly: a number in quotes is not a number, `yes` is not a boolean.

    `extra_keys`: more keys of the top level to suggest (those handled before the model sees the data).
    Raises InputError for the first problem in the order of the model, with the count of the others.
    """
    try:
        # JSON mode is pydantic's strict mode for data from files: lists become tuples and words enum members.
        return model.model_validate_json(to_json(data), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        _raise(model, error.errors(include_url=False), origin, extra_keys)


def _raise(model: type[BaseModel], errors: list[ErrorDetails], origin: Origin, extra: tuple[str, ...]) -> NoReturn:
    # An unknown key often comes with a missing one (a typo makes both): the unknown one tells more.
    first = min(errors, key=lambda error: error["type"] != "extra_forbidden")
    loc = _clean(first["loc"])
    what, hint = _told(model, first, loc, extra)
    others = len({_clean(error["loc"]) for error in errors}) - 1
    if others > 0:
        hint = f"{hint or 'correct it'} ({others} more problem{'s' if others > 1 else ''} in this file)"
    raise InputError(what, where=origin.where(loc), hint=hint)


def _clean(loc: Loc) -> tuple[str | int, ...]:
    """pydantic's own steps (`[key]`, and our union tags, which are bracketed too) are no part of the file."""
    return tuple(step for step in loc if isinstance(step, int) or not re.fullmatch(r"\[[a-z]+\]", step))


def _told(
    model: type[BaseModel], error: ErrorDetails, loc: tuple[str | int, ...], extra: tuple[str, ...]
) -> tuple[str, str | None]:
    kind, value = error["type"], error["input"]
    if kind == "missing":
        return f"key {str(loc[-1])!r} is missing", None
    if kind == "extra_forbidden":
        names = _keys(model, loc[:-1]) + (extra if len(loc) == 1 else ())
        word = str(loc[-1])
        return f"unknown key {shown(word)}", suggestion(word, names, "known keys are")
    if kind == "union_tag_not_found":
        return f"key {error['ctx']['discriminator']} is missing", None
    if kind == "union_tag_invalid":
        tags = tuple(re.findall(r"'([^']*)'", str(error["ctx"]["expected_tags"])))
        tag = str(error["ctx"]["tag"])
        return f"{shown(tag)} is not known here", suggestion(tag, tags, "expected one of")
    got = shown(value) if isinstance(value, str) else _kind(value)
    if kind in ("enum", "literal_error"):
        names = tuple(re.findall(r"'([^']*)'", str(error["ctx"]["expected"])))
        near = nearest(value, names) if isinstance(value, str) else None
        hint = f"did you mean {near!r}? " if near else ""
        return f"{got} is not known here", f"{hint}expected one of {', '.join(names)}"
    if kind == "string_pattern_mismatch":
        return f"{got} is not allowed here", f"expected text matching {error['ctx']['pattern']}"
    if kind == "value_error":
        return str(error["ctx"]["error"]), None
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"expected keys and values (a mapping), got {got}", None
    if kind in ("tuple_type", "list_type"):
        return f"expected a list, got {got}", "write it in brackets"
    if kind == "too_short":
        return "this list is empty", "give at least one entry"
    text = error["msg"].removeprefix("Input should be ").removeprefix("String should have ")
    return f"expected {text}, got {got}", None


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "true or false" if isinstance(value, bool) else str(value)[:30]


def _keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that the model at `loc` knows."""
    found: list[Any] = [model]
    for step in loc:
        found = [inner for outer in found for plain in _alternatives(outer) for inner in _inside(plain, step)]
    models = [plain for outer in found for plain in _alternatives(outer) if _is_model(plain)]
    return tuple(field.alias or name for known in models for name, field in known.model_fields.items())


def _alternatives(annotation: Any) -> list[Any]:
    """An annotation without `Annotated`, unions taken apart."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _alternatives(args[0])
    if origin in (Union, types.UnionType):
        return [plain for inner in args for plain in _alternatives(inner)]
    return [annotation]


def _inside(annotation: Any, step: str | int) -> list[Any]:
    """What is found one step further: a model's field, a mapping's value or a list's entry."""
    if _is_model(annotation):
        return [f.annotation for name, f in annotation.model_fields.items() if step == (f.alias or name)]
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return [args[1]]
    return [args[0]] if origin in (tuple, list) and isinstance(step, int) else []


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
