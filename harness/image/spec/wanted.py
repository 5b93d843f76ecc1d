"""What a container wants, field by field: the YAML's word, else its image's label's; and where a bad one is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.errors import InputError, Where
from harness.image.entries import LABEL
from harness.image.yaml.assembly import Placed
from harness.image.yaml.schema import Container, Settings
from harness.plan.yamlfile import dotted


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list of words, and its place."""

    text: str
    where: Where


@dataclass(frozen=True, slots=True)
class Wanted:
    """A container of the YAML, and the settings in its image's label."""

    container: Placed[Container]
    label: Settings

    def value(self, field: str) -> Any:
        """The field as a whole; None where neither sets it."""
        own = getattr(self.container.value, field)
        return own if own is not None else getattr(self.label, field)

    def text(self, field: str) -> str:
        """The same for fields in which an empty text means nothing was said."""
        found: str = getattr(self.container.value, field) or getattr(self.label, field) or ""
        return found

    def where(self, field: str, *keys: str | int) -> Where:
        """The place of the field, or of a part of it: in the YAML, or in the label of the image named there."""
        if getattr(self.container.value, field) is not None:
            return self.container.where(field.replace("_add", ".add"), *keys)
        place = self.container.where("image")
        return Where(place.file, place.line, f"{place.key}, label {LABEL}: {dotted((field, *keys))}")

    def items(self, field: str) -> list[Item]:
        """A list of words. `field.add` of the YAML follows the label's list, where the YAML has no `field` itself."""
        if f"{field}_add" in Settings.model_fields and getattr(self.container.value, field) is None:
            return [*self._listed(field), *self._listed(f"{field}_add", own=True)]
        return list(self._listed(field))

    def _listed(self, field: str, *, own: bool = False) -> Iterator[Item]:
        values = getattr(self.container.value, field) if own else self.value(field)
        for index, text in enumerate(values or ()):
            yield Item(text, self.where(field, index))


def bad(item: Item, what: str, hint: str | None = None) -> InputError:
    """The error that a word of a list is."""
    return InputError(what, where=item.where, hint=hint)
