"""Several sources of images as one: the first that has an image gives it, and an error names every place asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.errors import InputError
from harness.image.entries import Entry, ImageSource, ResolvedImage
from harness.image.oci.layout import Absent
from harness.words import Arch


class Chain:
    """Sources in order. A source that has the image but not a sound one ends the search: nobody wants another's."""

    def __init__(self, sources: Sequence[ImageSource]) -> None:
        self._sources = sources

    def resolve(self, ref: str, arch: Arch) -> ResolvedImage:
        """As `ImageSource.resolve`."""
        asked = []
        for source in self._sources:
            try:
                return source.resolve(ref, arch)
            except Absent as problem:
                asked.append(problem.what)
        raise _nowhere(ref, asked)

    def layout(self, ref: str, platforms: tuple[str, ...]) -> Iterable[Entry]:
        """As `ImageSource.layout`."""
        asked = []
        for source in self._sources:
            try:
                return list(source.layout(ref, platforms))
            except Absent as problem:
                asked.append(problem.what)
        raise _nowhere(ref, asked)


def _nowhere(ref: str, asked: Sequence[str]) -> InputError:
    return InputError(
        f"the image {ref} was not found: {'; '.join(asked) or 'nowhere to look'}",
        hint="check its name, or give a layout that has it with --layout",
    )
