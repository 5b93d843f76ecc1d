"""A component's own bill of materials, which lies in its image: so it is there wherever the image comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packageurl import PackageURL

from harness.image.component.debtree import Deb
from harness.image.entries import Entry, Kind, file, folder
from harness.image.oci import media
from harness.image.oci.content import Checked
from harness.image.sbom import spdx
from harness.image.sbom.databases.bills import FOLDER
from harness.image.sbom.inventory import Inventory, Package, files_of, hashed
from harness.image.sbom.licences import declared
from harness.kernel.aptroot import Answer


def with_bill(name: str, entries: Sequence[Entry], debs: Sequence[Deb], givers: Mapping[str, str]) -> list[Entry]:
    """The entries and the file `NAME.spdx.json`. `givers`: paths and the packages that they are from."""
    by_name = {deb.answer.package: deb for deb in debs}
    packages = {package: package_of(by_name[package]) for package in set(givers.values())}
    return with_packages(name, entries, packages, givers)


def with_packages(
    name: str, entries: Sequence[Entry], packages: Mapping[str, Package], givers: Mapping[str, str]
) -> list[Entry]:
    """The same, of packages by name that are known already."""
    used = sorted(packages)
    files = hashed(files_of(entries))
    inventory = Inventory(
        files,
        tuple(packages[package] for package in used),
        {path: used.index(package) for path, package in givers.items() if path in files},
    )
    data = media.canonical(spdx.component_document(name, inventory))
    there = {entry.path for entry in entries}
    parts = FOLDER.split("/")
    folders = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    added = [folder(path) for path in folders if path not in there] + [file(f"{FOLDER}/{name}{spdx.SUFFIX}", data)]
    found = sorted([*entries, *added], key=lambda entry: entry.path)
    return [one for one in found if one.kind is not Kind.HARDLINK] + [one for one in found if one.kind is Kind.HARDLINK]


def package_of(deb: Deb) -> Package:
    """What a Debian package says of itself."""
    licence, comment = declared(_copyright(deb))
    return package_named(deb.answer, licence, comment)


def package_named(answer: Answer, licence: str = "", comment: str = "") -> Package:
    """A Debian package by what the archive says of it."""
    purl = PackageURL("deb", "debian", answer.package, answer.version, {"arch": answer.arch}).to_string()
    return Package(answer.package, answer.version, answer.arch, purl, answer.sha256, licence, comment)


def _copyright(deb: Deb) -> bytes:
    """Its copyright file; nothing where it has none of its own, or a link to another package's."""
    layer = deb.layer()
    wanted = f"usr/share/doc/{deb.answer.package}/copyright"
    for member in layer.members:
        if member.path == wanted and member.kind is Kind.FILE:
            content = Checked(layer.archive, member.offset, member.size, member.sha256)
            return b"".join(content.chunks())
    return b""
