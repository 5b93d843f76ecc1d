"""What may stand in the files of `knowledge/`, one file a subject.

A need is a symbol, or several of which one is enough: `SERIAL_OF_PLATFORM | SERIAL_8250_PNP`. `needs` are certain, so a
kernel without one is refused; `wants` are only told of.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from harness.errors import InputError
from harness.plan.target import Model, Module, Name
from harness.plan.validate import validate
from harness.plan.yamlfile import load
from harness.words import Arch, Outcome

_SYMBOL = re.compile(r"[A-Z0-9][A-Za-z0-9_]*")


def _alternatives(text: str) -> str:
    for word in text.split(" | "):
        if not _SYMBOL.fullmatch(word):
            raise ValueError(f"{word!r} is no kernel symbol; write it without CONFIG_, and ' | ' between alternatives")
    return text


Need = Annotated[str, StringConstraints(max_length=400), AfterValidator(_alternatives)]
Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Za-z0-9_]*$", max_length=80)]
Glob = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9*?._,+-]+$", max_length=100)]
Text = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=r"^[ -~]+$")]


class Entry(Model):
    """Something of a machine, and what a kernel needs for it."""

    what: Text = Field(description="for people, as the subject of a sentence: the virtio disk")
    arch: tuple[Arch, ...] = Field((), description="the architectures it holds for; empty: all")
    needs: tuple[Need, ...] = ()
    wants: tuple[Need, ...] = ()


class ConsoleEntry(Entry):
    """A console by its name on the command line, without the number."""


class EarlyConsoleEntry(Entry):
    """An early console by its name in earlycon=."""


class DeviceEntry(Entry):
    """A device that QEMU's command line adds; its key is the device's name, or a pattern of it."""


class MachineEntry(Entry):
    """A machine type of QEMU's; its key is the type, or a pattern of it."""

    disk: dict[Name, tuple[Need, ...]] = Field(
        default_factory=dict, description="what a disk on a bus of its own controllers (sd, ahci, ide) needs"
    )
    nic: tuple[Need, ...] = Field((), description="what its own network card needs")
    bridge: tuple[Need, ...] = Field((), description="what its PCI host bridge needs, behind which its PCI devices are")
    tree: Text | None = Field(None, description="what the root of its device tree is compatible with")
    speaks: bool = Field(False, description="its firmware writes to the console before a kernel does")


class CompatibleEntry(Entry):
    """A device of a device tree by its `compatible`."""

    console: bool = Field(False, description="it is a serial port: needed where it is the console")


class FeatureEntry(Entry):
    """Something that an image asks of a kernel."""

    predicts: Outcome | None = Field(None, description="how a boot of our init ends without it, where that is certain")
    cmdline: tuple[Text, ...] = Field((), description="words of the command line that switch it off")
    cause: Name = Field("feature-missing", description="what a boot that failed of it is said to have failed of")


class CompressionEntry(Entry):
    """A form that an initrd is compressed in."""


class KnowledgeFile(Model):
    """A file: any of the tables. Within a table the first key that matches counts."""

    consoles: dict[Glob, ConsoleEntry] = Field(default_factory=dict)
    earlycons: dict[Glob, EarlyConsoleEntry] = Field(default_factory=dict)
    devices: dict[Glob, DeviceEntry] = Field(default_factory=dict)
    machines: dict[Glob, MachineEntry] = Field(default_factory=dict)
    compatibles: dict[Glob, CompatibleEntry] = Field(default_factory=dict)
    features: dict[Name, FeatureEntry] = Field(default_factory=dict)
    compression: dict[Name, CompressionEntry] = Field(default_factory=dict)
    modules: dict[Symbol, Module] = Field(default_factory=dict, description="the module of a symbol that may be =m")


def compiled(folder: Path) -> dict[str, dict[str, Any]]:
    """All files of a folder as one, in plain data that leaves out what is not said.

    Raises InputError, with file, line and key, also for a key that two files have.
    """
    tables: dict[str, dict[str, Any]] = {field: {} for field in KnowledgeFile.model_fields}
    for path in sorted(folder.glob("*.yml")):
        document = load(path)
        found = validate(KnowledgeFile, document.data, document)
        for field, entries in found.model_dump(mode="json", exclude_defaults=True).items():
            for key, entry in entries.items():
                if key in tables[field]:
                    raise InputError(f"{key!r} is in another file of {field} too", where=document.where((field, key)))
                tables[field][key] = entry
    return tables
