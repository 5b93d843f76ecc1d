"""`bootmatrix image build`: image YAMLs and the images that they name become files that boot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.commands.project import warn
from harness.errors import InputError
from harness.image.compose import compose
from harness.image.entries import ImageSource
from harness.image.resolve import resolved_images
from harness.image.sources import image_source
from harness.image.writing import Job, format_of, write_image
from harness.image.yaml.assembly import Assembly, read
from harness.plan.validate import suggestion
from harness.store import Store
from harness.words import Arch


@dataclass(frozen=True, slots=True)
class TrustChoice:
    """The repository of signed images, its trusted root, and whether all images must be signed."""

    repository: str | None = None
    root: Path | None = None
    required: bool = False


def build(
    files: Sequence[Path],
    arch: str,
    form: str,
    out: Path,
    layout: Path | None = None,
    memory: int | None = None,
    trust: TrustChoice | None = None,
    *,
    smallest: bool = False,
) -> int:
    """Build an image and print its files. `memory`: MiB of the machine it shall fit; `smallest`: see Job. Raises
    InputError or HostError."""
    machine = arch_of(arch)
    written_as = format_of(form)
    assembly = read(files)
    for text in assembly.warnings:
        warn(text)
    from harness.image.sbom.image import with_bill

    source = trusted(assembly, trust or TrustChoice(), layout)
    images = resolved_images(assembly, source, machine)
    entries = compose(assembly, images, source)
    job = Job(entries, name_of(files), out, machine, memory << 20 if memory else None, smallest)
    for path in write_image(with_bill(written_as, images.values()), job):
        print(path)
    return 0


def arch_of(name: str) -> Arch:
    """An architecture by its name. Raises InputError with the nearest."""
    known = [each.value for each in Arch]
    if name not in known:
        raise InputError(f"there is no architecture {name[:40]!r}", hint=suggestion(name, known))
    return Arch(name)


def images_of(layout: Path | None, repository: ImageSource | None = None) -> ImageSource:
    """Where images are looked for: the layout named, signed ones, the component library, the store, the registry of
    the name."""
    return image_source(Store(), warn, layout, repository)


def trusted(assembly: Assembly, choice: TrustChoice, layout: Path | None) -> ImageSource:
    """The images, those that must be signed only as they are. Raises InputError where there is nothing to check by."""
    asked = choice.required or any(placed.value.required for placed in assembly.trust)
    if choice.repository is None:
        if asked or choice.root:
            where = next((placed.where() for placed in assembly.trust if placed.value.required), None)
            raise InputError(
                "images must be signed, and no repository is named" if asked else "--root is of a repository",
                where=where,
                hint="name it with --trust REPO --root ROOT.json",
            )
        for placed in assembly.trust:
            warn(f"{placed.where()}: `trust` is not checked, for no repository is named with --trust")
        return images_of(layout)
    if choice.root is None:
        raise InputError("--trust needs a trusted root", hint="add --root ROOT.json, got by a way that you trust")
    from harness.image.oci.layout import OciLayout
    from harness.image.trust.policy import Enforced, demand
    from harness.image.trust.reader import TrustedRepository

    store = Store()
    repository = TrustedRepository(choice.repository, choice.root, store, warn)
    asks = demand(assembly.trust)
    must = (lambda _ref: True) if choice.required else asks
    named = OciLayout(layout, store) if layout is not None else None
    return Enforced(images_of(layout, repository), repository, must, named)


def name_of(files: Sequence[Path]) -> str:
    """What the written files' names begin with: the last YAML's own, without what a file name should not have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", files[-1].stem).strip(".")[:100] or "image"
