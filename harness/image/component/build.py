"""A component becomes an image: a recipe, its packages and what these need, in the store. Same inputs, same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HostError, InputError
from harness.image.component.bill import with_bill
from harness.image.component.closure import Pool, closure, pool_of
from harness.image.component.debtree import Deb, deb_tree, merged
from harness.image.component.kernel import kernel_component
from harness.image.entries import LABEL, Bytes, Entry, Kind, ResolvedImage, file, folder, link
from harness.image.oci import media
from harness.image.oci.content import Checked
from harness.image.oci.flatten import flatten
from harness.image.oci.layout import Absent, OciLayout
from harness.image.oci.member import Layer
from harness.image.oci.reference import full_name
from harness.image.oci.shelf import Shelf, only
from harness.image.oci.write import ZSTD_LEVEL, write_image
from harness.image.recipe import COMPONENTS, Component, component, own_file
from harness.kernel.aptroot import AptRoot, NoPackage
from harness.kernel.debian import Superseded
from harness.plan.validate import nearest
from harness.store import Progress, Store, silent
from harness.words import Arch

_VERSION = 2  # of what this file makes of a recipe; part of the key
_TRIPLETS = {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu", "armhf": "arm-linux-gnueabihf"}
_SUITES = {"riscv64": "sid"}  # an architecture that Debian 12 has not; the suite of its kernel, too
_LINKS = ("bin", "sbin", "lib", "lib64")  # to usr/..., where anything of the image lies there


@dataclass(frozen=True, slots=True)
class Part:
    """A recipe by its name, and all it includes, each before what includes it."""

    name: str
    recipe: Component


def parts_of(name: str, folder: Path = COMPONENTS) -> list[Part]:
    """Raises InputError for an unknown component or one that includes itself."""
    found: dict[str, Part] = {}

    def visit(one: str, trail: tuple[str, ...]) -> None:
        if one in trail:
            raise InputError(f"the component {one} includes itself, by {' and '.join(trail)}")
        recipe = component(one, folder)
        for inner in recipe.include:
            visit(inner, (*trail, one))
        found.setdefault(one, Part(one, recipe))

    visit(name, ())
    return list(found.values())


def built(name: str, arch: Arch, store: Store, progress: Progress = silent, *, recipes: Path = COMPONENTS) -> Path:
    """The OCI layout with the component's one image, named by it; beside it `sbom.spdx.json`.

    Raises InputError for a recipe that asks for what is not there, HostError where packages cannot be had.
    """
    try:
        return _built(name, arch, store, progress, recipes)
    except Superseded:  # the archive has a newer package, and the answer is known now
        return _built(name, arch, store, progress, recipes)


def _built(name: str, arch: Arch, store: Store, progress: Progress, recipes: Path) -> Path:
    parts = parts_of(name, recipes)
    recipe = parts[-1].recipe
    if recipe.kernel:
        return kernel_component(name, recipe, arch, store, progress)
    own = {
        f"{part.name}/{source}": own_file(part.name, source, recipes)
        for part in parts
        for source in part.recipe.own.values()
    }
    apt = AptRoot(store, arch.debian, suite=recipe.suite or _SUITES.get(arch.value), progress=progress)
    debs = _packages([package for part in parts for package in part.recipe.packages], apt, store)
    from importlib.metadata import version

    inputs = {
        "version": _VERSION,
        "arch": arch.value,
        "name": name,
        "recipes": {part.name: part.recipe.model_dump(mode="json", exclude={"suite"}) for part in parts},
        "own": {path: hashlib.sha256(data).hexdigest() for path, data in own.items()},
        "packages": {deb.answer.package: deb.answer.sha256 for deb in debs},
        "zstd": [version("zstandard"), ZSTD_LEVEL],
    }

    def make(into: Path) -> None:
        progress(f"making the component {name} for {arch}")
        entries, givers = _tree(parts, debs, own, arch)
        write_image(into, name, media.platform_of(arch), _config(recipe), with_bill(name, entries, debs, givers))

    return store.get("component", inputs, make, room=512 << 20)


def _packages(names: Iterable[str], apt: AptRoot, store: Store) -> list[Deb]:
    """The packages named and the libraries they depend on, breadth first."""
    found: dict[str, Deb] = {}
    todo = list(names)
    while todo:
        name = todo.pop(0)
        if name not in found:
            found[name] = deb_tree(apt, name, store)
            todo += found[name].libraries()
    return list(found.values())


def _tree(parts: list[Part], debs: list[Deb], own: dict[str, bytes], arch: Arch) -> tuple[list[Entry], dict[str, str]]:
    """The image's entries, and the package that each path is from; of a file that is joined, the first of them."""
    pool = pool_of([deb.layer() for deb in debs], _TRIPLETS.get(arch.value, f"{arch.value}-linux-gnu"))
    mine: dict[str, Entry] = {}
    givers: dict[str, str] = {}
    for part in parts:
        recipe = part.recipe
        for path, source in recipe.own.items():
            data = own[f"{part.name}/{source}"]
            mine[merged(path)] = file(merged(path), data, executable=data.startswith(b"#!"))
        mine |= {merged(path): link(merged(path), target) for path, target in recipe.links.items()}
        mine |= {merged(path): folder(merged(path)) for path in recipe.folders}
        for path, pattern in recipe.joined.items():
            mine[merged(path)] = Entry(merged(path), Kind.FILE, 0o644, Bytes(_joined(pool, pattern, part)))
            givers[merged(path)] = pool.paths[_kept(pool, pattern, part)[0]][0].digest
    for data_path, entry in list(mine.items()):
        _interpreter(data_path, entry, pool, mine, parts)
    wanted = [path for part in parts for pattern in part.recipe.keep for path in _kept(pool, pattern, part)]
    paths = closure(pool, wanted, mine)
    givers |= {path: pool.paths[path][0].digest for path in paths}
    return _entries(pool, paths, mine), givers


def _kept(pool: Pool, pattern: str, part: Part) -> list[str]:
    found = pool.matching(merged(pattern))
    if not found:
        packages = ", ".join(part.recipe.packages)
        raise InputError(f"component {part.name}: none of {packages} has a file {pattern}")
    return found


def _joined(pool: Pool, pattern: str, part: Part) -> bytes:
    data = b""
    for path in _kept(pool, pattern, part):
        layer, member = pool.paths[path]
        one = b"".join(Checked(layer.archive, member.offset, member.size, member.sha256).chunks())
        data += one if one.endswith(b"\n") else one + b"\n"
    return data


def _interpreter(path: str, entry: Entry, pool: Pool, mine: dict[str, Entry], parts: list[Part]) -> None:
    """A script of ours must find its interpreter in the image."""
    if entry.content is None or not entry.mode & 0o111:
        return
    head = next(iter(entry.content.chunks()), b"")[:200]
    name = head[2:].split(b"\n")[0].split()[:1]
    if (
        head.startswith(b"#!")
        and name
        and merged(name[0].decode("utf-8", "replace").lstrip("/")) not in (*mine, *pool.paths)
    ):
        raise InputError(
            f"component {parts[-1].name}: {path} needs {name[0].decode('utf-8', 'replace')}, which is not in it"
        )


def _entries(pool: Pool, paths: list[str], mine: dict[str, Entry]) -> list[Entry]:
    """Packages' files and ours as one tree, sorted; folders as the packages have them."""
    chosen: dict[str, Layer] = {}
    folders: set[str] = set()
    for path in paths:
        parts = path.split("/")
        folders |= {"/".join(parts[:count]) for count in range(1, len(parts))}
        layer, member = pool.paths[path]
        kept = chosen.get(layer.digest)
        chosen[layer.digest] = Layer(layer.digest, layer.archive, [*(kept.members if kept else ()), member])
    known = [pool.paths[path] for path in sorted(folders) if path in pool.paths]
    bases = [Layer("folders", layer.archive, [member]) for layer, member in known if member.kind is Kind.FOLDER]
    tree = {entry.path: entry for entry in flatten([*bases, *chosen.values()])}
    tree |= mine
    for path in list(tree):
        parts = path.split("/")
        for count in range(1, len(parts)):
            tree.setdefault("/".join(parts[:count]), folder("/".join(parts[:count])))
    for name in _LINKS:
        if f"usr/{name}" in tree:
            tree.setdefault(name, link(name, f"usr/{name}"))
    found = [tree[path] for path in sorted(tree)]
    return [one for one in found if one.kind is not Kind.HARDLINK] + [one for one in found if one.kind is Kind.HARDLINK]


def _config(recipe: Component) -> dict[str, Any]:
    """The `config` of the image's configuration, with the label as JSON."""
    found: dict[str, Any] = {"WorkingDir": recipe.cwd, "Env": list(recipe.env)}
    if recipe.entrypoint:
        found["Entrypoint"] = list(recipe.entrypoint)
    if recipe.command:
        found["Cmd"] = list(recipe.command)
    if recipe.label:
        found["Labels"] = {LABEL: json.dumps(recipe.label, sort_keys=True, separators=(",", ":"))}
    return found


class Components:
    """The component library as a source of images: a plain name, such as `sshd`, is a component of ours."""

    def __init__(self, store: Store, progress: Progress = silent, *, recipes: Path = COMPONENTS) -> None:
        self._store, self._progress, self._recipes = store, progress, recipes

    def __str__(self) -> str:
        return f"the component library {self._recipes}"

    def resolve(self, ref: str, arch: Arch) -> ResolvedImage:
        """As `ImageSource.resolve`; made first where the store has it not."""
        made = self._made(ref, arch)
        return made.resolve(only(made).name, arch)

    def layout(self, ref: str, platforms: tuple[str, ...]) -> Iterator[Entry]:
        """As `ImageSource.layout`, of one platform."""
        arches = [arch for arch in Arch if str(media.platform_of(arch)).startswith(platforms or ("linux/",))]
        if not self._named(ref):
            raise self._absent(ref)
        if len(platforms) != 1 or not arches:
            raise InputError(f"the component {ref} is made for one platform at a time", hint="name one in `platforms`")
        yield from self._made(ref, arches[0]).layout(self._named(ref), ())

    def _named(self, ref: str) -> str:
        name = full_name(ref).removeprefix("docker.io/library/")
        return name if (self._recipes / name / "component.yml").is_file() and "/" not in name else ""

    def _absent(self, ref: str) -> Absent:
        name = full_name(ref).removeprefix("docker.io/library/")
        known = [path.parent.name for path in self._recipes.glob("*/component.yml")]
        near = nearest(name, known) if "/" not in name else None
        return Absent(f"there is no component {name}" + (f" (is {near} meant?)" if near else ""))

    def _made(self, ref: str, arch: Arch) -> OciLayout:
        name = self._named(ref)
        if not name:
            raise self._absent(ref)
        try:
            folder = built(name, arch, self._store, self._progress, recipes=self._recipes)
        except InputError as problem:
            what = f"the component {name} cannot be made: {problem.what}"
            raise HostError(what, where=problem.where, hint=problem.hint) from problem
        except NoPackage as problem:
            hint = "leave it out of an image for this architecture, or give a layout that has it with --layout"
            raise InputError(f"the component {name} cannot be made: {problem.what}", hint=hint) from problem
        made = OciLayout(folder, self._store, f"the component {name} for {arch}")
        shelf = Shelf(self._store, arch)
        if not shelf.has(name, only(made).digest):
            shelf.add(made, only(made), name)
        return made
