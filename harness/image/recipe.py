"""Images and components as data: `images/<name>.yml` names components, `components/<name>/component.yml` makes one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from harness.errors import InputError, Where
from harness.plan.target import Model, Module, Name, Package, RelativePath, Suite
from harness.plan.validate import suggestion, validate
from harness.plan.yamlfile import load, shown_path
from harness.words import Arch

_HERE = Path(__file__).resolve().parent.parent
IMAGES = _HERE / "images"
COMPONENTS = _HERE / "components"


def _inside(path: str) -> str:
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError(f"{path!r} must be a plain path downwards, without '..'")
    return path


def _link(target: str) -> str:
    if not target or not target.isprintable() or len(target) > 255:
        raise ValueError(f"{target!r} cannot be the target of a link")
    return target


Inside = Annotated[RelativePath, AfterValidator(_inside)]
Pattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_*?][A-Za-z0-9_.+/*?-]*$", max_length=200)]
Word = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=4096)]


class KernelPart(Model):
    """A kernel as an image that `kernel.image` of an assembly may name: Debian's, or one built to match a target."""

    packages: dict[Arch, Package] = Field(default_factory=dict, description="Debian's metapackage by architecture")
    modules: tuple[Module, ...] = Field((), description="modules it brings, with what they need; those that exist")
    targets: dict[Arch, Name] = Field(
        default_factory=dict, description="instead of packages: by architecture, the target whose matched kernel it is"
    )
    features: tuple[Name, ...] = Field((), description="features of a matched kernel besides the target's")

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if bool(self.packages) == bool(self.targets):
            raise ValueError("a kernel is of packages or of targets: give one of the two")
        if (self.packages and self.features) or (self.targets and self.modules):
            raise ValueError("modules go with packages, features with targets")
        return self

    @property
    def arches(self) -> tuple[Arch, ...]:
        """The architectures that there is a kernel for."""
        return tuple(self.packages or self.targets)


class Component(Model):
    """One piece of an image. Paths are relative to the image's root."""

    description: str = Field(max_length=200)
    package: Package | None = Field(None, description="Debian package that `files` come from, of the target's arch")
    files: dict[Inside, tuple[Inside, ...]] = Field(
        default_factory=dict, description="path in the image: paths in the package, the first that exists is taken"
    )
    own: dict[Inside, Inside] = Field(default_factory=dict, description="path in the image: file beside this one")
    links: dict[Inside, Annotated[str, AfterValidator(_link)]] = Field(
        default_factory=dict, description="symbolic link in the image: its target"
    )
    folders: tuple[Inside, ...] = Field((), description="empty folders of the image")
    include: tuple[Name, ...] = Field((), description="components whose files are in it too")
    suite: Suite | None = Field(None, description="suite of Debian that `packages` are of; the host's own if none")
    packages: tuple[Package, ...] = Field(
        (), description="Debian packages that `keep` chooses from, of the image's arch"
    )
    keep: tuple[Pattern, ...] = Field(
        (), description="files of the packages; * matches anything. What they need comes with them"
    )
    joined: dict[Inside, Pattern] = Field(
        default_factory=dict, description="path in the image: the packages' files that it is made of, one after another"
    )
    entrypoint: tuple[Word, ...] = Field((), description="what the image runs")
    command: tuple[Word, ...] = Field((), description="its arguments, which a YAML may replace")
    env: tuple[Word, ...] = Field(("PATH=/usr/sbin:/usr/bin:/sbin:/bin",), description="NAME=value")
    cwd: Annotated[str, AfterValidator(_link)] = "/"
    label: dict[str, Any] = Field(
        default_factory=dict, description="how it wants to be run, as in an image YAML: capabilities, binds, ..."
    )
    kernel: KernelPart | None = Field(None, description="makes it a kernel, and nothing else")
    needs: tuple[Name, ...] = Field((), description="what it asks of a kernel: names of preflight's features.yml")


class Image(Model):
    """What runs on a target. For now its first programs only."""

    description: str = Field(max_length=200)
    init: tuple[Name, ...] = Field(min_length=1, description="components unpacked over one another, in order")


@lru_cache(maxsize=64)
def image(name: str | Path, folder: Path = IMAGES) -> Image:
    """The image of that name, or in a file of the user's. Raises InputError, naming the nearest where there is none."""
    document = load(image_path(name, folder))
    return validate(Image, document.data, document)


def image_path(name: str | Path, folder: Path = IMAGES) -> Path:
    """The file of an image: NAME.yml, or that in a folder of its name. Raises InputError, naming the nearest."""
    if isinstance(name, Path):
        return name
    for path in (folder / f"{name}.yml", folder / name / f"{name}.yml"):
        if "/" not in name and path.is_file():
            return path
    known = [file.stem for file in (*folder.glob("*.yml"), *folder.glob("*/*.yml"))]
    raise InputError(f"there is no image {name!r}", hint=suggestion(name, known))


@lru_cache(maxsize=256)
def component(name: str, folder: Path = COMPONENTS) -> Component:
    """The component of that name. Raises InputError, with the nearest name where there is none."""
    path = folder / name / "component.yml"
    if "/" in name or not path.is_file():
        known = [file.parent.name for file in folder.glob("*/component.yml")]
        raise InputError(f"there is no component {name!r}", hint=suggestion(name, known))
    document = load(path)
    found = validate(Component, document.data, document)
    if found.files and not found.package:
        raise InputError("files are taken from a package, but none is named", where=document.where(("files",)))
    for target, source in found.own.items():
        if not (folder / name / source).is_file():
            raise InputError(f"there is no file {source!r} beside it", where=document.where(("own", target)))
    return found


def own_file(name: str, source: str, folder: Path = COMPONENTS) -> bytes:
    """The bytes of a file beside a component's recipe."""
    path = folder / name / source
    try:
        return path.read_bytes()
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", where=Where(shown_path(path))) from problem
