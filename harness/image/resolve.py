"""Every image of an assembly, found before anything is written; a missing one is told at the line that names it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from harness.errors import InputError, Where
from harness.image.entries import ImageSource, ResolvedImage
from harness.image.oci.reference import full_name
from harness.image.yaml.assembly import SECTIONS, Assembly, Placed
from harness.image.yaml.schema import Volume
from harness.plan.yamlfile import shown
from harness.words import Arch

Images = Mapping[str, ResolvedImage]
_PLATFORM = re.compile(r"[A-Za-z0-9_.-]{1,40}(?:/[A-Za-z0-9_.-]{1,40}){0,2}")


def resolved_images(assembly: Assembly, source: ImageSource, arch: Arch) -> Images:
    """The images by their full references. Raises InputError with the place in the YAML and the source's own words."""
    found: dict[str, ResolvedImage] = {}
    for name, where in _named(assembly):
        ref = full_name(name)
        if ref not in found:
            try:
                found[ref] = source.resolve(ref, arch)
            except InputError as problem:
                raise here(problem, where) from None
    return found


def platforms_of(placed: Placed[Volume]) -> tuple[str, ...]:
    """The platforms of a volume in format oci. Raises InputError for a word that is none."""
    for index, platform in enumerate(placed.value.platforms or ()):
        if not _PLATFORM.fullmatch(platform):
            raise InputError(
                f"{shown(platform)} is no platform",
                where=placed.where("platforms", index),
                hint="expected os/arch or os/arch/variant, such as linux/arm64",
            )
    return placed.value.platforms or ()


def here(problem: InputError, where: Where) -> InputError:
    """An error of a source of images, at the place in the YAML that asked for it."""
    inner = f"{problem.where}: " if problem.where else ""
    return InputError(f"{inner}{problem.what}", where=where, hint=problem.hint)


def _named(assembly: Assembly) -> Iterator[tuple[str, Where]]:
    if assembly.kernel.image and assembly.kernel_where:
        yield assembly.kernel.image, assembly.kernel_where("image")
    for init in assembly.init:
        yield init.value, init.where()
    for volume in assembly.volumes:
        platforms_of(volume)
        if volume.value.image and volume.value.format != "oci":
            yield volume.value.image, volume.where("image")
    for section in SECTIONS:
        for container in assembly.containers(section):
            yield container.value.image, container.where("image")
