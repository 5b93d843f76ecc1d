"""What is known of devices, machines and formats, as the checks use it.

The data are the YAML files in `knowledge/`; `schema.py` says what may stand there. Checked and made one they are kept
in the store, as reading YAML and building a schema take longer than all else that preflight does.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from harness.store import Store
from harness.words import Arch

FOLDER = Path(__file__).parent / "knowledge"
_SCHEMA = Path(__file__).parent / "schema.py"
_FILE = "knowledge.json"
_NONE: Mapping[str, Sequence[str]] = {}


class Entry(NamedTuple):
    """Something of a machine, and what a kernel needs for it. Which fields a table has, `schema.py` says."""

    what: str
    arch: Sequence[str] = ()
    needs: Sequence[str] = ()
    wants: Sequence[str] = ()
    disk: Mapping[str, Sequence[str]] = _NONE
    nic: Sequence[str] = ()
    bridge: Sequence[str] = ()
    tree: str | None = None
    speaks: bool = False
    console: bool = False
    predicts: str | None = None
    cmdline: Sequence[str] = ()
    cause: str = "feature-missing"


class Knowledge(NamedTuple):
    """All tables."""

    consoles: Mapping[str, Entry]
    earlycons: Mapping[str, Entry]
    devices: Mapping[str, Entry]
    machines: Mapping[str, Entry]
    compatibles: Mapping[str, Entry]
    features: Mapping[str, Entry]
    compression: Mapping[str, Entry]
    modules: Mapping[str, str]

    def machines_of(self, machine: str, arch: Arch) -> tuple[Entry, ...]:
        """Every entry that matches a machine type."""
        return tuple(
            entry for glob, entry in self.machines.items() if _holds(entry, arch) and fnmatch.fnmatchcase(machine, glob)
        )

    def device(self, name: str, arch: Arch) -> Entry | None:
        """The first entry for a device of QEMU's."""
        return _first(self.devices, name, arch)

    def console(self, name: str, arch: Arch) -> Entry | None:
        """The first entry for a console's name without its number."""
        return _first(self.consoles, name, arch)


def read_knowledge(folder: Path = FOLDER) -> Knowledge:
    """All files of a folder. Raises InputError, with file, line and key."""
    from harness.preflight.schema import compiled

    return _knowledge(compiled(folder))


@lru_cache(maxsize=2)
def kept_knowledge(store: Store) -> Knowledge:
    """The built-in knowledge, from the store where it was read before."""
    sources = [_SCHEMA, *sorted(FOLDER.glob("*.yml"))]
    inputs = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sources}

    def make(folder: Path) -> None:
        from harness.preflight.schema import compiled

        (folder / _FILE).write_text(json.dumps(compiled(FOLDER)), encoding="utf-8")

    entry = store.get("knowledge", inputs, make)
    return _knowledge(json.loads((entry / _FILE).read_text(encoding="utf-8")))


def _knowledge(tables: Mapping[str, Mapping[str, Any]]) -> Knowledge:
    entries = {
        table: {key: Entry(**entry) for key, entry in found.items()}
        for table, found in tables.items()
        if table != "modules"
    }
    return Knowledge(**entries, modules=tables["modules"])


def _holds(entry: Entry, arch: Arch) -> bool:
    return not entry.arch or arch.value in entry.arch


def _first(table: Mapping[str, Entry], name: str, arch: Arch) -> Entry | None:
    for glob, entry in table.items():
        if _holds(entry, arch) and fnmatch.fnmatchcase(name, glob):
            return entry
    return None
