"""A component's bill lies in its image, tells what each package gave, and is the same whatever the order."""

from __future__ import annotations

from pathlib import Path

from harness.image.component.bill import package_of, with_bill
from harness.image.component.debtree import Deb
from harness.image.entries import Entry, Kind, file, folder
from harness.image.oci.member import dump
from harness.image.oci.tarindex import members
from harness.image.sbom.databases import inventory_of
from harness.kernel.aptroot import Answer
from tests.unit.image.oci.layouts import member, symlink, tar

COPYRIGHT = b"Format: https://www.debian.org/\n\nFiles: *\nLicense: Expat\n"


def deb(tmp_path: Path, name: str, *more: object) -> Deb:
    """A package as the store has it."""
    where = tmp_path / name
    where.mkdir()
    (where / "layer.tar").write_bytes(tar(member(f"usr/bin/{name}", name.encode()), *more))  # type: ignore[arg-type]
    dump(list(members(where / "layer.tar")), where / "index.json")
    return Deb(Answer(name, "1:2+3~4", "amd64", name[0] * 64, 5), where)


def test_what_a_package_says_of_itself(tmp_path: Path) -> None:
    found = package_of(deb(tmp_path, "aa", member("usr/share/doc/aa/copyright", COPYRIGHT)))
    assert found.purl == "pkg:deb/debian/aa@1:2%2B3~4?arch=amd64"
    assert (found.version, found.sha256, found.licence) == ("1:2+3~4", "a" * 64, "MIT")


def test_a_copyright_file_that_is_a_link_says_nothing(tmp_path: Path) -> None:
    found = package_of(deb(tmp_path, "aa", symlink("usr/share/doc/aa/copyright", "../bb/copyright")))
    assert (found.licence, found.comment) == ("", "")


def test_the_bill_lies_in_the_image(tmp_path: Path) -> None:
    debs = [deb(tmp_path, name) for name in ("aa", "bb", "cc")]
    entries = [
        folder("usr"), folder("usr/bin"), file("usr/bin/aa", b"aa"), file("usr/bin/bb", b"bb"),
        file("usr/bin/own", b"own"), Entry("usr/bin/again", Kind.HARDLINK, 0o755, target="usr/bin/aa"),
    ]  # fmt: skip
    givers = {"usr/bin/aa": "aa", "usr/bin/bb": "bb", "usr/bin/again": "aa"}
    found = with_bill("it", entries, debs, givers)
    paths = [entry.path for entry in found]
    assert paths.index("var/lib/db") < paths.index("var/lib/db/sbom") < paths.index("var/lib/db/sbom/it.spdx.json")
    assert found[-1].kind is Kind.HARDLINK, "after its file"
    inventory = inventory_of(found)
    assert {path: inventory.packages[owner].name for path, owner in inventory.owners.items()} == givers
    assert [package.name for package in inventory.packages] == ["aa", "bb"], "cc gave nothing"
    again = with_bill("it", entries, debs[::-1], dict(reversed(givers.items())))
    assert again == found
