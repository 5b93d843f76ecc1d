"""`bootmatrix image build`: image YAMLs and the images that they name become files that boot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from harness.commands.project import warn
from harness.errors import InputError
from harness.image.compose import compose
from harness.image.entries import ImageSource
from harness.image.resolve import resolved_images
from harness.image.writing import Job, format_of, write_image
from harness.image.yaml.assembly import read
from harness.plan.validate import suggestion
from harness.store import Store
from harness.words import Arch


def build(
    files: Sequence[Path], arch: str, form: str, out: Path, layout: Path | None = None, memory: int | None = None
) -> int:
    """Build an image and print its files. `memory`: MiB of the machine it shall fit. Raises InputError or HostError."""
    known = [each.value for each in Arch]
    if arch not in known:
        raise InputError(f"there is no architecture {arch[:40]!r}", hint=suggestion(arch, known))
    written_as = format_of(form)
    assembly = read(files)
    for text in assembly.warnings:
        warn(text)
    source = images_of(layout)
    images = resolved_images(assembly, source, Arch(arch))
    entries = compose(assembly, images, source)
    job = Job(entries, name_of(files), out, Arch(arch), memory << 20 if memory else None)
    for path in write_image(written_as, job):
        print(path)
    return 0


def images_of(layout: Path | None) -> ImageSource:
    """Where images are looked for: the layout named, the component library, the store, the registry of the name."""
    from harness.image.component.build import Components
    from harness.image.oci.layout import OciLayout
    from harness.image.oci.skopeo import Registry
    from harness.image.oci.sources import Chain

    store = Store()
    named = [OciLayout(layout, store)] if layout is not None else []
    return Chain([*named, Components(store, warn), Registry(store, warn)])


def name_of(files: Sequence[Path]) -> str:
    """What the written files' names begin with: the last YAML's own, without what a file name should not have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", files[-1].stem).strip(".")[:100] or "image"
