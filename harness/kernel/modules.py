"""Which modules a target needs: its drivers, what they depend on, and in which order they are loaded."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HostError, InputError, Where

# Kept in a pruned tree: depmod's order of modules, and what is built in (so that loading it is no failure).
KEPT_LISTS = ("modules.order", "modules.builtin")
_SUFFIXES = (".ko", ".ko.xz", ".ko.zst", ".ko.gz")


@dataclass(frozen=True, slots=True)
class Closure:
    """What to load, in order (`load`, names), and the files it takes (`files`, below lib/modules/<release>)."""

    load: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModuleIndex:
    """What depmod knows of a tree. Names are normalised: `-` is `_`."""

    files: Mapping[str, str]  # name -> file
    needs: Mapping[str, Sequence[str]]  # name -> files it depends on
    builtin: frozenset[str]
    before: Mapping[str, Sequence[str]]  # name -> modules or aliases to load first if they exist (soft dependencies)
    aliases: Mapping[str, Sequence[str]]

    def __contains__(self, name: str) -> bool:
        return normal(name) in self.files or normal(name) in self.builtin


def normal(name: str) -> str:
    """A module's name as the kernel has it."""
    return name.replace("-", "_")


def name_of(file: str) -> str:
    """The module's name of a file: kernel/drivers/mmc/host/sdhci-iproc.ko.xz -> sdhci_iproc."""
    name = file.rpartition("/")[2]
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            return normal(name.removesuffix(suffix))
    return normal(name)


def read_index(folder: Path) -> ModuleIndex:
    """Read depmod's lists in `folder` (lib/modules/<release>). Raises HostError where there are none."""
    files: dict[str, str] = {}
    needs: dict[str, list[str]] = {}
    for line in _lines(folder / "modules.dep"):
        file, _, rest = line.partition(":")
        files[name_of(file)] = file
        needs[name_of(file)] = rest.split()
    builtin = frozenset(name_of(line) for line in _lines(folder / "modules.builtin", optional=True))
    before: dict[str, list[str]] = {}
    for line in _lines(folder / "modules.softdep", optional=True):
        words = line.split()
        if len(words) > 2 and words[0] == "softdep" and "pre:" in words:
            first = words[words.index("pre:") + 1 :]
            before.setdefault(normal(words[1]), []).extend(first[: first.index("post:")] if "post:" in first else first)
    wanted = {normal(name) for names in before.values() for name in names}
    aliases: dict[str, list[str]] = {}
    for line in _lines(folder / "modules.alias", optional=True) if wanted else ():
        words = line.split()
        if len(words) == 3 and normal(words[1]) in wanted:
            aliases.setdefault(normal(words[1]), []).append(normal(words[2]))
    return ModuleIndex(files, needs, builtin, before, aliases)


def closure(
    index: ModuleIndex, drivers: Iterable[str], optional: Iterable[str] = (), *, where: Where | None = None
) -> Closure:
    """The modules of `drivers` and of those of `optional` that exist. Pure.

    Raises InputError for a driver that is neither a module nor built in.
    """
    drivers = tuple(drivers)
    for name in drivers:
        if name not in index:
            near = difflib.get_close_matches(normal(name), [*index.files, *index.builtin], 1, 0.6)
            raise InputError(
                f"the kernel has no driver {name}, neither as a module nor built in",
                where=where,
                hint=f"did you mean {near[0]}?" if near else None,
            )
    load: list[str] = []
    files: set[str] = set()
    seen: set[str] = set()

    def add(name: str) -> None:
        name = normal(name)
        if name in seen:
            return
        seen.add(name)
        if name not in index.files:
            return  # built in, or a soft dependency that this kernel does not have
        required = [name_of(file) for file in index.needs.get(name, ())]
        for first in (name, *required):
            for soft in index.before.get(first, ()):
                for real in (normal(soft), *index.aliases.get(normal(soft), ())):
                    add(real)
        files.add(index.files[name])
        files.update(index.needs.get(name, ()))
        load.append(name)

    for name in (*drivers, *optional):
        add(name)
    return Closure(tuple(load), tuple(sorted(files)))


def copy_module(source: Path, folder: Path, file: str) -> str:
    """Copy one module below `folder`, unpacked (busybox's modprobe reads only plain ones); returns its name there."""
    plain = f"{file.rpartition('/')[0]}/{file.rpartition('/')[2].split('.ko')[0]}.ko".lstrip("/")
    target = folder / plain
    if ".." in Path(plain).parts:
        raise HostError(f"the index of the modules names a file outside: {file!r}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(unpacked_module((source / file).read_bytes(), file))
    return plain


def unpacked_module(data: bytes, file: str) -> bytes:
    """The bytes of a module without its compression. Raises HostError for a damaged one."""
    try:
        if data.startswith(b"\xfd7zXZ\0"):
            import lzma

            return lzma.decompress(data)
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            import zstandard

            return zstandard.ZstdDecompressor().decompressobj().decompress(data)
        if data.startswith(b"\x1f\x8b"):
            import gzip

            return gzip.decompress(data)
    except Exception as problem:
        raise HostError(f"{file}: a damaged module: {problem}") from problem
    return data


def _lines(path: Path, *, optional: bool = False) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError as problem:
        if optional:
            return []
        raise HostError(f"{path.parent} has no {path.name}", hint="run depmod on it") from problem
    return [line for line in text.splitlines() if line and not line.startswith("#")]
