"""apk's record of what is installed (`lib/apk/db/installed`), as Alpine and LinuxKit's images have it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packageurl import PackageURL

from harness.image.entries import Content
from harness.image.sbom.databases import Given, Tree
from harness.image.sbom.inventory import Package, readable
from harness.image.sbom.licences import expression

PATHS = re.compile(r"(?P<root>(?:.*/)?)(?:usr/)?lib/apk/db/installed")


def read(content: Content, _tree: Tree) -> Iterable[Given]:
    """A paragraph a package: P name, V version, A architecture, L licence, F a folder, R a file in it."""
    for paragraph in b"".join(content.chunks()).decode("utf-8", "surrogateescape").split("\n\n"):
        fields: dict[str, str] = {}
        files: dict[str, str] = {}
        folder = ""
        for line in paragraph.splitlines():
            key, _, value = line.partition(":")
            if key == "F":
                folder = value
            elif key == "R":
                files[f"{folder}/{value}".lstrip("/")] = ""
            else:
                fields.setdefault(key, value[:300])
        if fields.get("P") and fields.get("V"):
            yield _package(fields), files


def _package(fields: dict[str, str]) -> Package:
    name, version, arch, words = (readable(fields.get(key, "")) for key in "PVAL")
    purl = PackageURL("apk", "alpine", name, version, {"arch": arch} if arch else None).to_string()
    licence = expression(words) if words else ""
    comment = f"apk's record names: {words}" if words and not licence else ""
    return Package(name, version, arch, purl, "", licence or "", comment)
