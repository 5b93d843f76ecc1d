"""SPDX documents that lie in an image, as apko and our components have them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.errors import InputError
from harness.image.entries import Content
from harness.image.sbom.databases import Given, Tree
from harness.image.sbom.document import parsed

FOLDER = "var/lib/db/sbom"
PATHS = re.compile(rf"(?P<root>(?:.*/)?){FOLDER}/[^/]+\.spdx\.json")


def read(content: Content, _tree: Tree) -> Iterable[Given]:
    """The packages that it lists; not the component itself, which is an image and known as one."""
    try:
        found = parsed(b"".join(content.chunks()), "a document of an image")
    except InputError:
        return
    for one in found.packages:
        if one.package.purl:
            yield one.package, one.files
