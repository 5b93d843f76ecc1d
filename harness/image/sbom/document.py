"""Reading SPDX 2.3 in JSON, of ours and of strangers: as much of it as says what is contained in what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from harness.errors import InputError
from harness.image.sbom.inventory import Package
from harness.image.sbom.spdx import UNKNOWN

MAX_DOCUMENT = 64 << 20  # bytes; a file takes 300
_Text = Annotated[str, StringConstraints(max_length=8192)]
_Id = Annotated[str, StringConstraints(max_length=512)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)  # keys that are not read here are no error: SPDX has many


class _Checksum(_Model):
    algorithm: _Id
    checksumValue: _Text


class _File(_Model):
    SPDXID: _Id
    fileName: _Text
    checksums: tuple[_Checksum, ...] = ()


class _Reference(_Model):
    referenceType: _Id = ""
    referenceLocator: _Text = ""


class _Package(_Model):
    SPDXID: _Id
    name: _Text
    versionInfo: _Text = ""
    licenseDeclared: _Text = UNKNOWN
    licenseComments: _Text = ""
    primaryPackagePurpose: _Id = ""
    checksums: tuple[_Checksum, ...] = ()
    externalRefs: tuple[_Reference, ...] = ()


class _Relation(_Model):
    spdxElementId: _Id
    relationshipType: _Id
    relatedSpdxElement: _Id


class _Document(_Model):
    spdxVersion: _Id
    name: _Text
    packages: tuple[_Package, ...] = ()
    files: tuple[_File, ...] = ()
    relationships: tuple[_Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """One package, and the SHA-256 of each file that it contains, by path; "" where the document has none."""

    package: Package
    purpose: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bill:
    """What a document says."""

    name: str
    packages: tuple[Listed, ...]


def parsed(data: bytes, what: str) -> Bill:
    """Raises InputError, naming `what` it was to be, for what is no SPDX 2 document."""
    if len(data) > MAX_DOCUMENT:
        raise InputError(f"{what} has more than {MAX_DOCUMENT} bytes")
    try:
        found = _Document.model_validate_json(data)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "it"
        raise InputError(f"{what} is no SPDX document in JSON: {place}: {first['msg'][:200]}") from problem
    if not found.spdxVersion.startswith("SPDX-2."):
        raise InputError(f"{what} is of {found.spdxVersion[:40]!r}, and SPDX-2.3 is read here")
    files = {one.SPDXID: one for one in found.files}
    contained: dict[str, dict[str, str]] = {}
    for relation in found.relationships:
        if relation.relationshipType == "CONTAINS" and relation.relatedSpdxElement in files:
            one = files[relation.relatedSpdxElement]
            path = one.fileName.removeprefix("./").lstrip("/")
            contained.setdefault(relation.spdxElementId, {})[path] = _sha256(one.checksums)
    packages = [
        Listed(_package(one), one.primaryPackagePurpose, contained.get(one.SPDXID, {})) for one in found.packages
    ]
    return Bill(found.name, tuple(packages))


def _package(found: _Package) -> Package:
    purl = next((one.referenceLocator for one in found.externalRefs if one.referenceType == "purl"), "")
    arch = purl.partition("arch=")[2].partition("&")[0]
    licence = "" if found.licenseDeclared in (UNKNOWN, "NONE") else found.licenseDeclared
    return Package(found.name, found.versionInfo, arch, purl, _sha256(found.checksums), licence, found.licenseComments)


def _sha256(checksums: tuple[_Checksum, ...]) -> str:
    return next((one.checksumValue.lower() for one in checksums if one.algorithm == "SHA256"), "")
