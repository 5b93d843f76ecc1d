"""The packages an image really contains, as SPDX 2.3 JSON. Pure; nothing in it depends on when or where."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from harness.kernel.aptroot import Answer

_CREATED = "1970-01-01T00:00:00Z"


def document(name: str, packages: Sequence[Answer]) -> dict[str, Any]:
    """The document of one component: a package with its version, origin and hash for each that gave a file."""
    found = [
        {
            "SPDXID": f"SPDXRef-Package-{number}",
            "name": answer.package,
            "versionInfo": answer.version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
            "checksums": [{"algorithm": "SHA256", "checksumValue": answer.sha256}],
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:deb/debian/{answer.package}@{answer.version}?arch={answer.arch}",
                }
            ],
        }
        for number, answer in enumerate(sorted(packages, key=lambda one: one.package))
    ]
    key = hashlib.sha256("".join(sorted(answer.sha256 for answer in packages)).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://spdx.org/spdxdocs/bootmatrix-{name}-{key}",
        "creationInfo": {"created": _CREATED, "creators": ["Tool: bootmatrix"]},
        "packages": found,
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": package["SPDXID"],
            }
            for package in found
        ],
    }
