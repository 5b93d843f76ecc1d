"""Every component of the library, made for real: each program in it finds what it needs, each label is understood.

Packages come from Debian's archive into the store the first time. Other architectures than x86_64:
`BOOTMATRIX_TEST_ARCHES=arm64,armhf pytest tests/components`.
"""

from __future__ import annotations

import io
import os
import posixpath
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from harness.image.component.build import Components
from harness.image.entries import Entry, Kind
from harness.image.recipe import COMPONENTS, component
from harness.image.sbom.databases import inventory_of
from harness.image.sbom.databases.bills import FOLDER
from harness.image.yaml.label import settings_of
from harness.kernel.aptroot import AptRoot
from harness.store import Store
from harness.words import Arch

ARCHES = [Arch(name) for name in os.environ.get("BOOTMATRIX_TEST_ARCHES", "x86_64").split(",")]
# Those that an initrd takes in directly; the library's others are images.
NAMES = sorted(
    path.parent.name
    for path in COMPONENTS.glob("*/component.yml")
    if component(path.parent.name).keep or component(path.parent.name).include or component(path.parent.name).joined
)
MACHINES = {"x86_64": "EM_X86_64", "arm64": "EM_AARCH64", "armhf": "EM_ARM", "riscv64": "EM_RISCV"}


@pytest.fixture(scope="module")
def store() -> Store:
    return Store()


def followed(tree: dict[str, Entry], path: str, hops: int = 20) -> Entry | None:
    """What the guest's kernel would find, links on the way included."""
    at = ""
    parts = [part for part in path.split("/") if part]
    while parts:
        at = posixpath.join(at, parts.pop(0))
        entry = tree.get(at)
        if entry is None:
            return None
        if entry.kind is Kind.SYMLINK:
            hops -= 1
            assert hops, path
            target = posixpath.normpath(posixpath.join("/", posixpath.dirname(at), entry.target)).lstrip("/")
            parts, at = [*target.split("/"), *parts], ""
    return tree.get(at)


def data_of(entry: Entry) -> bytes:
    return b"".join(entry.content.chunks()) if entry.content else b""


def test_the_library_is_as_large_as_promised() -> None:
    assert len(NAMES) >= 24


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("name", NAMES)
def test_component(name: str, arch: Arch, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    image = Components(store).resolve(name, arch)
    entries = list(image.entries())
    tree = {entry.path: entry for entry in entries}
    assert len(tree) == len(entries)
    programs = 0
    for entry in entries:
        assert not entry.path.startswith(("bin/", "sbin/", "lib/", "lib64/")), "below usr, or two folders have one name"
        if entry.kind is not Kind.FILE:
            continue
        data = data_of(entry)
        if data.startswith(b"#!") and entry.mode & 0o111:
            assert followed(tree, data[2:].split(b"\n")[0].split()[0].decode()), entry.path
        if not data.startswith(b"\x7fELF"):
            continue
        programs += 1
        elf = ELFFile(io.BytesIO(data))
        assert elf.header.e_machine == MACHINES[arch], entry.path
        for segment in elf.iter_segments():
            if segment.header.p_type == "PT_INTERP":
                assert followed(tree, segment.get_interp_name()), entry.path
            if segment.header.p_type == "PT_DYNAMIC":
                for tag in segment.iter_tags("DT_NEEDED"):
                    found = [path for path in tree if path.endswith(f"/{tag.needed}") and path.startswith("usr/lib")]
                    assert any(followed(tree, path) for path in found), f"{entry.path} lacks {tag.needed}"
    recipe = component(name)
    assert programs or not recipe.keep, "a recipe of programs without one"
    for word in (recipe.entrypoint or recipe.command)[:1]:
        entry = followed(tree, word)
        assert entry is not None, f"{word} is not in the image"
        assert entry.mode & 0o111, f"{word} cannot be run"
    settings_of(image)  # raises for a key or a value that an image YAML could not have
    with capsys.disabled():
        print(f" {name} {arch}: {len(entries)} entries, {sum(entry.size for entry in entries) / 1e6:.1f} MB", end="")


@pytest.mark.parametrize("name", ["ca-certificates", "sshd"])
def test_the_list_of_packages_is_of_those_that_gave_files(name: str, store: Store, tmp_path: Path) -> None:
    tree = {entry.path: entry for entry in Components(store).resolve(name, Arch.X86_64).entries()}
    inventory = inventory_of(tree.values())
    packages = {package.name: package.version for package in inventory.packages}
    apt = AptRoot(store, "amd64")
    if name == "ca-certificates":
        assert packages.keys() == {"ca-certificates"}, "its one file is joined of the package's"
    if name == "sshd":
        assert {"dropbear-bin", "busybox-static", "libc6"} <= packages.keys()
        assert packages["dropbear-bin"] == apt.resolve("dropbear-bin").version
        assert "libgcc-s1" not in packages, "a package that libc6 names and nothing needed"
        gave = {path: inventory.packages[owner].name for path, owner in inventory.owners.items()}
        assert gave["usr/sbin/dropbear"] == "dropbear-bin"
        assert "usr/bin/sshd" not in gave, "ours"
    document = tree[f"{FOLDER}/{name}.spdx.json"].content
    assert document is not None
    (tmp_path / "it.spdx.json").write_bytes(b"".join(document.chunks()))
    found = parse_file(str(tmp_path / "it.spdx.json"))
    assert validate_full_spdx_document(found) == []
    assert len(found.files) == len(inventory.files) - 1, "all but itself"


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made twice from the same packages, in other folders, time zones and with another umask."""
    import shutil
    import time

    digests = []
    for number, zone in enumerate(("UTC", "Asia/Tokyo")):
        other = Store(tmp_path / f"store{number}")
        for kind in ("deb", "deb-tree", "apt"):
            shutil.copytree(store.root / kind, other.root / kind, copy_function=os.link, symlinks=True, ignore=_partial)
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        before = os.umask(0o077 if number else 0o022)
        try:
            digests.append(Components(other).resolve("sshd", Arch.X86_64).digest)
        finally:
            os.umask(before)
    assert digests[0] == digests[1] == Components(store).resolve("sshd", Arch.X86_64).digest


def _partial(folder: str, names: list[str]) -> set[str]:
    """What a copy by links must not share, or has no use for."""
    return {name for name in names if name in ("archives", "lists") or name.endswith((".lock", ".tmp", ".bin"))}
