"""SPDX 2.3 documents (https://spdx.github.io/spdx-spec/v2.3/) out of inventories. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness.image.sbom.inventory import Hashes, Inventory, Package, readable

CREATED = "1970-01-01T00:00:00Z"  # a date of today's would make other bytes tomorrow
SUFFIX = ".spdx.json"
DOCUMENT = "SPDXRef-DOCUMENT"
UNKNOWN = "NOASSERTION"


class Builder:
    """A document in the making. Identifiers are counted, so the order of calls is part of the bytes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._packages: list[dict[str, Any]] = []
        self._files: list[dict[str, Any]] = []
        self._relations: list[dict[str, str]] = []

    def package(self, package: Package, *, purpose: str = "", files: Mapping[str, Hashes] | None = None) -> str:
        """Add a package with the files that it contains; returns its identifier."""
        identifier = f"SPDXRef-Package-{len(self._packages)}"
        found: dict[str, Any] = {
            "SPDXID": identifier,
            "name": package.name,
            "downloadLocation": UNKNOWN,
            "filesAnalyzed": bool(files),
            "licenseConcluded": UNKNOWN,
            "licenseDeclared": package.licence or UNKNOWN,
            "copyrightText": UNKNOWN,
        }
        if package.version:
            found["versionInfo"] = package.version
        if package.sha256:
            found["checksums"] = [_checksum("SHA256", package.sha256)]
        if package.comment:
            found["licenseComments"] = package.comment
        if package.purl:
            reference = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl"}
            found["externalRefs"] = [reference | {"referenceLocator": package.purl}]
        if purpose:
            found["primaryPackagePurpose"] = purpose
        if files:
            # SPDX 2.3, 7.9: one hash of the sorted hashes.
            code = hashlib.sha1("".join(sorted(one.sha1 for one in files.values())).encode(), usedforsecurity=False)
            found["packageVerificationCode"] = {"packageVerificationCodeValue": code.hexdigest()}
        self._packages.append(found)
        for path in sorted(files or {}):
            self.relate(identifier, "CONTAINS", self._file(path, (files or {})[path]))
        return identifier

    def relate(self, one: str, kind: str, other: str) -> None:
        """Say that one element is so related to another."""
        self._relations.append({"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other})

    def document(self) -> dict[str, Any]:
        """The whole."""
        found: dict[str, Any] = {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": DOCUMENT,
            "name": self._name,
            "creationInfo": {"created": CREATED, "creators": ["Tool: bootmatrix"]},
            "packages": self._packages,
            "relationships": self._relations,
        }
        if self._files:
            found["files"] = self._files
        # The name of a document must be its own: it is made of what the document says.
        key = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
        return {**found, "documentNamespace": f"https://spdx.org/spdxdocs/bootmatrix-{self._name}-{key}"}

    def _file(self, path: str, hashes: Hashes) -> str:
        identifier = f"SPDXRef-File-{len(self._files)}"
        checksums = [_checksum("SHA1", hashes.sha1), _checksum("SHA256", hashes.sha256)]
        self._files.append({"SPDXID": identifier, "fileName": f"./{readable(path)}", "checksums": checksums})
        return identifier


def add_content(builder: Builder, parent: str, inventory: Inventory) -> None:
    """The packages of an inventory, each with its files, as contained in a package that is there already."""
    files: list[dict[str, Hashes]] = [{} for _ in inventory.packages]
    for path, owner in inventory.owners.items():
        files[owner][path] = inventory.files[path]
    for package, contained in zip(inventory.packages, files, strict=True):
        builder.relate(parent, "CONTAINS", builder.package(package, files=contained))


def unowned(inventory: Inventory) -> dict[str, Hashes]:
    """The files that no package gave."""
    return {path: found for path, found in inventory.files.items() if path not in inventory.owners}


def component_document(name: str, inventory: Inventory) -> dict[str, Any]:
    """The document of one component."""
    builder = Builder(name)
    top = builder.package(Package(name), files=unowned(inventory))
    builder.relate(DOCUMENT, "DESCRIBES", top)
    add_content(builder, top, inventory)
    return builder.document()


def image_document(
    name: str, artefacts: Mapping[str, Hashes], images: Iterable[Package], inventory: Inventory
) -> dict[str, Any]:
    """The document of a built image: its files on the host (`artefacts`, by name), the images it was assembled from,
    and what is in its root file system."""
    builder = Builder(name)
    top = builder.package(Package(name), purpose="OPERATING-SYSTEM", files=artefacts)
    builder.relate(DOCUMENT, "DESCRIBES", top)
    root = builder.package(Package(f"{name}-root"), purpose="INSTALL", files=unowned(inventory))
    builder.relate(top, "CONTAINS", root)
    for image in sorted(images):
        builder.relate(root, "GENERATED_FROM", builder.package(image, purpose="CONTAINER"))
    add_content(builder, root, inventory)
    return builder.document()


def _checksum(algorithm: str, value: str) -> dict[str, str]:
    return {"algorithm": algorithm, "checksumValue": value}
