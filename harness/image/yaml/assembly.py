"""Image YAMLs read, checked and merged: what an image is made of, each part with its place in a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from harness.errors import InputError, Where
from harness.image.yaml.scalars import resolved
from harness.image.yaml.schema import Container, File, ImageFile, Kernel, Trust, Volume
from harness.image.yaml.templates import replaced
from harness.plan.validate import validate
from harness.plan.yamlfile import Dialect, Document, Loc, load

T = TypeVar("T")
SECTIONS = ("onboot", "onshutdown", "services")  # of containers, in the order in which they count
LINUXKIT = Dialect(resolved, first_only=True)


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A part and where it is written."""

    value: T
    document: Document
    loc: Loc

    def where(self, *keys: str | int) -> Where:
        """The place of a key of this part."""
        return self.document.where((*self.loc, *keys))

    def folder(self) -> Path:
        """What paths in this file are relative to."""
        return self.document.path.parent


@dataclass(frozen=True, slots=True)
class Assembly:
    """One or more YAMLs as one. `warnings`: lines for people."""

    kernel: Kernel = field(default_factory=Kernel)
    kernel_where: Callable[[str], Where] | None = None
    init: tuple[Placed[str], ...] = ()
    onboot: tuple[Placed[Container], ...] = ()
    onshutdown: tuple[Placed[Container], ...] = ()
    services: tuple[Placed[Container], ...] = ()
    volumes: tuple[Placed[Volume], ...] = ()
    files: tuple[Placed[File], ...] = ()
    trust: tuple[Placed[Trust], ...] = ()
    warnings: tuple[str, ...] = ()

    def containers(self, section: str) -> tuple[Placed[Container], ...]:
        """The containers of one of SECTIONS."""
        found: tuple[Placed[Container], ...] = getattr(self, section)
        return found


def read(paths: Sequence[Path]) -> Assembly:
    """Read YAMLs and merge them in this order. Raises InputError with file, line and key for the first problem."""
    if not paths:
        raise InputError("no image YAML is named")
    return merged([load(path, LINUXKIT) for path in paths])


def merged(documents: Sequence[Document]) -> Assembly:
    """Kernel fields override one by one, lists append, names of services and volumes must not repeat."""
    kernel: dict[str, Any] = {}
    origins: dict[str, Document] = {}
    parts: dict[str, list[Placed[Any]]] = {name: [] for name in ("init", *SECTIONS, "volumes", "files")}
    warnings: list[str] = []
    trust: list[Placed[Trust]] = []
    for document in documents:
        refuse_nothing(document)
        content = validate(ImageFile, replaced(document), document)
        if document.ignored is not None:
            warnings.append(
                f"{document.where()}: only the first document is read; another begins in line {document.ignored}"
            )
        if content.trust is not None:
            asked = content.trust if isinstance(content.trust, Trust) else Trust(required=True)
            trust.append(Placed(asked, document, ("trust",)))
        for name, value in (content.kernel or Kernel()).model_dump(exclude_none=True).items():
            # An empty text overrides nothing in LinuxKit, but for the two that may be switched off by it.
            if value or name in ("tar", "ucode"):
                kernel[name] = value
                origins[name] = document
        for name, placed in parts.items():
            placed += [Placed(value, document, (name, index)) for index, value in enumerate(getattr(content, name))]
    _unique(parts["services"], "service")
    _unique(parts["volumes"], "volume")

    def kernel_where(key: str) -> Where:
        return origins.get(key, documents[0]).where(("kernel", key))

    return Assembly(
        Kernel(**kernel),
        kernel_where,
        trust=tuple(trust),
        warnings=tuple(warnings),
        **{name: tuple(placed) for name, placed in parts.items()},
    )


def refuse_nothing(document: Document) -> None:
    """A key without a value is a slip of the pen: LinuxKit's schema takes no null anywhere."""
    pending: list[tuple[Any, tuple[str | int, ...]]] = [(document.data, ())]
    while pending:
        value, loc = pending.pop()
        if value is None:
            raise InputError(
                "expected a value, got nothing", where=document.where(loc), hint="write one or leave the key out"
            )
        if isinstance(value, dict):
            pending += [(inner, (*loc, key)) for key, inner in reversed(value.items())]
        elif isinstance(value, list):
            pending += [(inner, (*loc, index)) for index, inner in reversed(list(enumerate(value)))]


def _unique(placed: Sequence[Placed[Any]], what: str) -> None:
    seen: dict[str, Placed[Any]] = {}
    for part in placed:
        name = part.value.name
        if name in seen:
            raise InputError(
                f"duplicate {what} name {name!r}; it is already used at {seen[name].where('name')}",
                where=part.where("name"),
                hint="name them apart",
            )
        seen[name] = part
