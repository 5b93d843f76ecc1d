"""dpkg's records: `status` of a system, and `status.d/` of images that are made without dpkg."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from packageurl import PackageURL

from harness.image.entries import Content
from harness.image.sbom.databases import Given, Tree
from harness.image.sbom.inventory import Package
from harness.image.sbom.licences import declared
from harness.kernel.sources import stanzas

PATHS = re.compile(r"(?P<root>(?:.*/)?)var/lib/dpkg/(?:status|status\.d/[^/]+(?<!\.md5sums))")
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,200}")


def read(content: Content, tree: Tree) -> Iterable[Given]:
    """Every package that is installed, and its files as `info/NAME.list` has them."""
    distribution = _distribution(tree)
    for stanza in stanzas(b"".join(content.chunks()).decode("utf-8", "replace")):
        name, version, arch = (stanza.get(key, "")[:300] for key in ("Package", "Version", "Architecture"))
        if not _NAME.fullmatch(name) or not version or not stanza.get("Status", " installed").endswith(" installed"):
            continue
        licence, comment = declared(tree.read(f"usr/share/doc/{name}/copyright"))
        purl = PackageURL("deb", distribution, name, version, {"arch": arch} if arch else None).to_string()
        yield Package(name, version, arch, purl, "", licence, comment), _files(tree, name, arch)


def _files(tree: Tree, name: str, arch: str) -> Mapping[str, str]:
    info = tree.read(f"var/lib/dpkg/info/{name}.list") or tree.read(f"var/lib/dpkg/info/{name}:{arch}.list")
    return {line.lstrip("/"): "" for line in info.decode("utf-8", "surrogateescape").splitlines()}


def _distribution(tree: Tree) -> str:
    text = (tree.read("etc/os-release") or tree.read("usr/lib/os-release")).decode("utf-8", "replace")
    match = re.search(r'^ID="?([a-z0-9._-]{1,40})"?$', text, re.MULTILINE)
    return match[1] if match else "debian"
