"""User and group ids: numbers, or names of containers, which have numbers from 100 on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.errors import InputError, Where
from harness.plan.validate import suggestion
from harness.plan.yamlfile import shown

FIRST = 100


def ids_of(names: Iterable[str]) -> dict[str, int]:
    """The id of every container, counted in the order given; the last of equal names counts."""
    return {name: FIRST + number for number, name in enumerate(names)}


def numeric(identity: int | str | None, ids: Mapping[str, int], where: Where) -> int:
    """The number; 0 for nothing, "" and root. Raises InputError for a name that no container has."""
    if identity is None or identity in ("", "root"):
        return 0
    if isinstance(identity, int):
        return identity
    if identity not in ids:
        hint = "numbers go without quotes" if identity.isdecimal() else suggestion(identity, ids, "containers are")
        raise InputError(f"there is no container {shown(identity)} whose id this could be", where=where, hint=hint)
    return ids[identity]
