"""Bills of materials: of what is really in a tree, sound by SPDX's own tools, the same bytes each time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from harness.errors import InputError
from harness.image.entries import Entry, Kind, ResolvedImage, file
from harness.image.sbom import spdx
from harness.image.sbom.databases import inventory_of
from harness.image.sbom.document import parsed
from harness.image.sbom.image import bill_of, image_package
from harness.image.sbom.inventory import Inventory, Package, files_of, hashed
from harness.image.writing import Job
from harness.words import Arch
from tests.unit.image.fakes import Tree

STATUS = """Package: libc6
Status: install ok installed
Version: 2.36-9+deb12u14
Architecture: amd64
Description: it
 of two lines

Package: gone
Status: deinstall ok config-files
Version: 1

Package: ../../etc
Version: 1
"""
APK = (
    "P:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\nF:lib\nR:ld-musl.so\nZ:Q1x\n\nP:odd\nV:1\nL:strange licence\n\nX:no package\n"
)
COPYRIGHT = "Format: https://www.debian.org/\n\nFiles: *\nLicense: LGPL-2.1+\n"


def debian(root: str = "") -> list[Entry]:
    texts = {
        "etc/os-release": "NAME=x\nID=ubuntu\n", "usr/lib/libc.so.6": "libc", "usr/bin/mine": "mine",
        "usr/share/doc/libc6/copyright": COPYRIGHT, "var/lib/dpkg/info/libc6:amd64.list": "/.\n/usr/lib/libc.so.6\n",
        "var/lib/dpkg/status": STATUS,
    }  # fmt: skip
    return [file(root + path, text.encode()) for path, text in texts.items()]


def owned(inventory: Inventory) -> dict[str, str]:
    return {path: inventory.packages[owner].name for path, owner in inventory.owners.items()}


def checked(path: Path, data: bytes) -> Any:
    """As SPDX's own library reads it."""
    path.write_bytes(data)
    found = parse_file(str(path))
    assert [message.validation_message for message in validate_full_spdx_document(found)] == []
    return found


@pytest.mark.parametrize("root", ["", "containers/services/web/rootfs/"])
def test_what_dpkg_has_installed(root: str) -> None:
    inventory = inventory_of(debian(root))
    (libc,) = inventory.packages
    assert libc == Package(
        "libc6",
        "2.36-9+deb12u14",
        "amd64",
        "pkg:deb/ubuntu/libc6@2.36-9%2Bdeb12u14?arch=amd64",
        "",
        "LGPL-2.1-or-later",
    )
    assert owned(inventory) == {f"{root}usr/lib/libc.so.6": "libc6"}


def test_what_images_without_dpkg_have_installed() -> None:
    stanza = b"Package: base-files\nVersion: 12.4\nArchitecture: amd64\n"
    entries = [
        file("var/lib/dpkg/status.d/base", stanza),
        file("var/lib/dpkg/status.d/base.md5sums", stanza + b"X: 1\n"),
    ]
    (package,) = inventory_of(entries).packages
    assert package.purl == "pkg:deb/debian/base-files@12.4?arch=amd64"


def test_what_apk_has_installed() -> None:
    inventory = inventory_of([file("lib/apk/db/installed", APK.encode()), file("lib/ld-musl.so", b"x")])
    musl, odd = inventory.packages
    assert (musl.purl, musl.licence) == ("pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64", "MIT")
    assert (odd.licence, odd.comment) == ("", "apk's record names: strange licence")
    assert owned(inventory) == {"lib/ld-musl.so": "musl"}


def test_a_component_brings_its_own_bill_and_an_altered_file_is_no_longer_its_packages() -> None:
    files = hashed(files_of([file("usr/bin/it", b"it"), file("usr/bin/other", b"other")]))
    package = Package("it", "1:2~3", "amd64", "pkg:deb/debian/it@1:2~3?arch=amd64", "a" * 64, "MIT")
    bill = spdx.component_document("comp", Inventory(files, (package,), dict.fromkeys(files, 0)))
    where = "containers/services/s/rootfs/"
    entries = [
        file(f"{where}var/lib/db/sbom/comp.spdx.json", json.dumps(bill).encode()),
        file(f"{where}usr/bin/it", b"it"),
        file(f"{where}usr/bin/other", b"altered"),
    ]
    inventory = inventory_of(entries)
    assert inventory.packages == (package,)
    assert owned(inventory) == {f"{where}usr/bin/it": "it"}


def test_packages_of_several_images_are_told_once() -> None:
    inventory = inventory_of([*debian(), *debian("containers/services/web/rootfs/")])
    assert len(inventory.packages) == 1
    assert len(inventory.owners) == 2


@pytest.mark.parametrize("path", ["var/lib/dpkg/status", "lib/apk/db/installed", "var/lib/db/sbom/x.spdx.json"])
@given(data=st.binary(max_size=300) | st.text(alphabet='PVALFR:\n abc/.{}[]"', max_size=200).map(str.encode))
def test_no_database_of_a_stranger_is_an_error(path: str, data: bytes) -> None:
    inventory_of([file(path, data)])


def image(ref: str, digest: str) -> ResolvedImage:
    return ResolvedImage(ref, f"sha256:{digest * 64}", {}, Tree(()))


def built(folder: Path) -> bytes:
    folder.mkdir(exist_ok=True)
    (folder / "my.tar").write_bytes(b"tar")
    entries = [
        *debian(),
        Entry("usr/bin/again", Kind.HARDLINK, 0o755, target="usr/bin/mine"),
        file("odd\udcff", b"odd"),
    ]
    images = [image("test/app:1", "b"), image("localhost:5000/base", "a")]
    job = Job(entries, "my", folder, Arch.ARM64)
    return bill_of(job, [folder / "my.tar"], images, inventory_of(job.entries))


def test_the_bill_of_an_image_is_sound_and_complete(tmp_path: Path) -> None:
    found = checked(tmp_path / "a.spdx.json", built(tmp_path / "out"))
    files = {one.name: {str(c.algorithm.name): c.value for c in one.checksums} for one in found.files}
    assert files["./my.tar"]["SHA256"] == hashlib.sha256(b"tar").hexdigest()
    assert files["./usr/bin/again"] == files["./usr/bin/mine"]
    assert files["./usr/bin/mine"]["SHA1"] == hashlib.sha1(b"mine", usedforsecurity=False).hexdigest()
    assert "./odd\\xff" in files
    names = {one.spdx_id: one.name for one in [*found.packages, *found.files]} | {"SPDXRef-DOCUMENT": "the document"}
    told = {
        (names[one.spdx_element_id], one.relationship_type.name, names[one.related_spdx_element_id])
        for one in found.relationships
    }
    assert {
        ("the document", "DESCRIBES", "my"),
        ("my", "CONTAINS", "./my.tar"),
        ("my", "CONTAINS", "my-root"),
        ("my-root", "GENERATED_FROM", "docker.io/test/app"),
        ("my-root", "CONTAINS", "libc6"),
        ("my-root", "CONTAINS", "./usr/bin/mine"),
        ("libc6", "CONTAINS", "./usr/lib/libc.so.6"),
    } <= told


def test_the_same_image_has_the_same_bytes(tmp_path: Path) -> None:
    first = built(tmp_path / "out")
    assert built(tmp_path / "elsewhere") == first
    again = inventory_of(reversed(debian()))
    assert again.packages == inventory_of(debian()).packages


def test_images_are_named_with_their_digest() -> None:
    package = image_package(image("localhost:5000/a/b:1.2", "c"), Arch.ARM64)
    assert (package.name, package.version, package.sha256) == ("localhost:5000/a/b", "1.2", "c" * 64)
    assert package.purl.startswith(f"pkg:oci/b@sha256:{'c' * 64}?arch=arm64&repository_url=localhost:5000/a/b&tag=1.2")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no SPDX document"),
        (b"[]", "no SPDX document"),
        (b'{"spdxVersion": "SPDX-2.3"}', "name: Field required"),
        (b'{"spdxVersion": "SPDX-3.0", "name": "x"}', "'SPDX-3.0'"),
        (b'{"spdxVersion": "SPDX-2.3", "name": "x", "files": [{}]}', r"files\.0\.SPDXID"),
        (b"[" * 100_000, "no SPDX document"),
    ],
)
def test_what_is_no_document_is_told(data: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        parsed(data, "it")
