"""A layout of images (a component store is one): every blob of every image that it lists."""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import BootmatrixError, InputError
from harness.image.oci.layout import OciLayout
from harness.image.oci.media import Descriptor, platform_of
from harness.image.trust.reader import TrustedRepository
from harness.words import Arch


def differences(layout: OciLayout) -> Iterator[str]:
    """What is missing or damaged. Raises InputError for what is no layout."""
    checked: dict[str, str | None] = {}
    for head in layout.index():
        named = f"image {head.name or head.digest}"
        try:
            blobs = list(layout.closure(head))
        except InputError as problem:
            yield f"{named}: {problem.what}"
            checked[head.hex] = problem.what
            continue
        for blob in blobs:
            if blob.hex not in checked:
                checked[blob.hex] = _problem(layout, blob)
            if (what := checked[blob.hex]) is not None:
                yield f"{named}: {what}"


def unsigned(layout: OciLayout, repository: TrustedRepository) -> Iterator[str]:
    """The images that are not signed as they are here, for each architecture that they are for."""
    for name in sorted({head.name for head in layout.index() if head.name}):
        for arch in Arch:
            try:
                here = layout.manifest(name, platform_of(arch))
            except InputError:  # it is not for this one
                continue
            signed = repository.signed(name, arch)
            if signed is None:
                yield f"the image {name} is not signed for {arch} in {repository}"
            elif signed.digest != here.digest:
                yield f"the image {name} for {arch} is {here.digest}, and {repository} has signed {signed.digest}"


def counted(layout: OciLayout) -> str:
    """How much was compared, for people."""
    return f"{len(layout.index())} images, every blob as its digest says"


def _problem(layout: OciLayout, blob: Descriptor) -> str | None:
    try:
        layout.blobs.check(blob)
    except BootmatrixError as problem:
        return problem.what
    return None
