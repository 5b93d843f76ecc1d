"""Where an assembly's images are looked for."""

from __future__ import annotations

from pathlib import Path

from harness.image.component.build import Components
from harness.image.entries import ImageSource
from harness.image.oci.layout import OciLayout
from harness.image.oci.skopeo import Registry
from harness.image.oci.sources import Chain
from harness.store import Progress, Store, silent


def image_source(
    store: Store, progress: Progress = silent, layout: Path | None = None, repository: ImageSource | None = None
) -> ImageSource:
    """The layout named, signed images, the component library, the store, the registry of the name: the first has it."""
    named = [OciLayout(layout, store)] if layout is not None else []
    signed = [repository] if repository is not None else []
    return Chain([*named, *signed, Components(store, progress), Registry(store, progress)])
