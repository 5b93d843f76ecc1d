"""An assembly and its images become one list of entries, as LinuxKit lays them out. Pure but for reading what it lists.

boot/{kernel,cmdline,ucode.cpio}           and what kernel.tar holds, in the root
...                                        the images of `init`, over one another
containers/volumes/NAME/{lower,tmp,merged}
containers/{onboot,onshutdown}/NNN-NAME/   config.json, runtime.json, and lower, tmp and rootfs,
containers/services/NAME/                  or rootfs alone where the container is read-only
...                                        `files`
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import InputError
from harness.image.entries import Bytes, Entry, ImageSource, Kind, ResolvedImage
from harness.image.files import add_files
from harness.image.gojson import text_of
from harness.image.kernelimage import kernel_entries
from harness.image.oci.reference import full_name
from harness.image.resolve import Images, here, platforms_of
from harness.image.rootfs import file_at, folder_at, prepared
from harness.image.spec.config import config_of
from harness.image.spec.identity import ids_of
from harness.image.spec.mounts import mount
from harness.image.spec.runtime import runtime_of
from harness.image.spec.wanted import Wanted
from harness.image.tree import Tree
from harness.image.yaml.assembly import SECTIONS, Assembly, Placed
from harness.image.yaml.label import settings_of
from harness.image.yaml.metadata import metadata_of
from harness.image.yaml.schema import Container, Volume

_UPPER = "tmp"  # where what a container writes is kept, in memory
_APK = ("lib/apk/db/installed", "usr/lib/apk/db/installed")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A container that is known to be right: where it lies, and its two files."""

    container: Placed[Container]
    folder: str
    ref: str
    readonly: bool
    root: str  # the folder with its image's tree, which may be another container's
    shared: bool  # it is another container's
    config: dict[str, Any]
    runtime: dict[str, Any]


def compose(assembly: Assembly, images: Images, source: ImageSource, own: Iterable[Entry] = ()) -> list[Entry]:
    """All entries, parents first, no path twice; the same for the same inputs. `own`: of the cell, over all others.

    Raises InputError, with the place in the YAML, for what contradicts itself or its images.
    """
    ids = ids_of(placed.value.name for section in SECTIONS for placed in assembly.containers(section))
    bundles = bundles_of(assembly, images, ids)
    tree = Tree()
    if assembly.kernel.image:
        where = assembly.kernel_where
        assert where is not None  # noqa: S101 -- every assembly that was read has it
        ref = full_name(assembly.kernel.image)
        for entry in kernel_entries(assembly.kernel, images[ref], where):
            tree.add(entry, f"the kernel image {ref}", where=where("image"))
    _init(tree, assembly, images)
    for index, placed in enumerate(assembly.volumes):
        for entry in _volume(placed, images, source):
            tree.add(entry, f"volumes[{index}]", where=placed.where())
    for bundle in bundles:
        for entry in _bundle(bundle, images):
            tree.add(entry, f"the container {bundle.container.value.name}", where=bundle.container.where())
    add_files(tree, assembly.files, ids, lambda form: metadata_of(assembly, form))
    for entry in own:
        tree.add(entry, "the cell", override=True)
    return list(tree)


def bundles_of(assembly: Assembly, images: Images, ids: Mapping[str, int]) -> list[Bundle]:
    """Every container resolved. Containers of one image share the tree of the first."""
    volumes = {placed.value.name: placed.value for placed in assembly.volumes}
    roots: dict[str, str] = {}
    found = []
    for section in SECTIONS:
        for index, placed in enumerate(assembly.containers(section)):
            name = placed.value.name if section == "services" else f"{index:03}-{placed.value.name}"
            found.append(_resolved(placed, f"containers/{section}/{name}", images, ids, volumes, roots))
    return found


def _resolved(
    placed: Placed[Container],
    folder: str,
    images: Images,
    ids: Mapping[str, int],
    volumes: Mapping[str, Volume],
    roots: dict[str, str],
) -> Bundle:
    ref = full_name(placed.value.image)
    image = images[ref]
    wanted = Wanted(placed, _label(placed, image))
    config = config_of(wanted, image.config, ids, volumes)
    readonly = bool(wanted.value("readonly"))
    shared = ref in roots
    root = roots.setdefault(ref, f"{folder}/{'rootfs' if readonly else 'lower'}")
    runtime = runtime_of(wanted, _root_mounts(folder, root, readonly=readonly))
    return Bundle(placed, folder, ref, readonly, root, shared, config, runtime)


def _label(placed: Placed[Container], image: ResolvedImage) -> Any:
    try:
        return settings_of(image)
    except InputError as problem:
        raise InputError(
            f"the image {image.ref} cannot be used: {problem.where}: {problem.what}",
            where=placed.where("image"),
            hint=problem.hint,
        ) from None


def _root_mounts(folder: str, root: str, *, readonly: bool) -> list[dict[str, Any]]:
    rootfs = f"/{folder}/rootfs"
    if readonly:
        return [mount(rootfs, "", f"/{root}", ["bind"])]
    upper = f"/{folder}/{_UPPER}"
    overlay = [f"lowerdir=/{root}", f"upperdir={upper}/upper", f"workdir={upper}/work"]
    # Private, since nothing else should see the layers that are thrown away.
    return [
        mount(upper, "tmpfs", "tmpfs", []),
        mount(upper, "", "", ["remount", "private"]),
        mount(rootfs, "overlay", "overlay", overlay),
    ]


def _bundle(bundle: Bundle, images: Images) -> Iterator[Entry]:
    if not bundle.shared:
        yield from _below(bundle.root, prepared(images[bundle.ref].entries(), resolv_link=False))
    yield file_at(f"{bundle.folder}/config.json", text_of(bundle.config))
    if not bundle.readonly:
        yield folder_at(f"{bundle.folder}/{_UPPER}")
    yield folder_at(f"{bundle.folder}/rootfs")
    yield file_at(f"{bundle.folder}/runtime.json", text_of(bundle.runtime))


def _below(folder: str, entries: Iterable[Entry]) -> Iterator[Entry]:
    """The tree of an image under a folder."""
    yield folder_at(folder)
    for entry in entries:
        target = f"{folder}/{entry.target}" if entry.kind is Kind.HARDLINK else entry.target
        yield replace(entry, path=f"{folder}/{entry.path}" if entry.path else folder, target=target)


def _init(tree: Tree, assembly: Assembly, images: Images) -> None:
    records: dict[str, list[bytes]] = {path: [] for path in _APK}
    for index, placed in enumerate(assembly.init):
        ref = full_name(placed.value)
        for entry in prepared(images[ref].entries(), resolv_link=True):
            if entry.path in records and entry.content is not None:
                records[entry.path].append(b"".join(entry.content.chunks()))
            tree.add(entry, f"{ref} (init[{index}])", where=placed.where())
    for path, texts in records.items():
        if len(texts) > 1:
            # What is installed is the union: each image knows of its own packages only.
            merged = b"".join(text + b"\n\n" for text in texts)
            tree.add(Entry(path, Kind.FILE, 0o644, Bytes(merged)), "init", override=True)


def _volume(placed: Placed[Volume], images: Images, source: ImageSource) -> Iterator[Entry]:
    volume = placed.value
    folder = f"containers/volumes/{volume.name}"
    yield folder_at(f"{folder}/lower")
    if volume.image:
        ref = full_name(volume.image)
        if volume.format == "oci":
            try:
                yield from _below(f"{folder}/lower", source.layout(ref, platforms_of(placed)))
            except InputError as problem:
                raise here(problem, placed.where("image")) from None
        else:
            yield from _below(f"{folder}/lower", prepared(images[ref].entries(), resolv_link=True))
    yield folder_at(f"{folder}/{_UPPER}")
    yield folder_at(f"{folder}/merged")
