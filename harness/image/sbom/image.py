"""The bill of materials of an image that is built: `NAME.FORMAT.spdx.json`, beside its files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from harness.image.entries import ResolvedImage, content_of
from harness.image.oci.media import platform_of
from harness.image.oci.reference import full_name
from harness.image.sbom import spdx
from harness.image.sbom.databases import inventory_of
from harness.image.sbom.inventory import Inventory, Package, hashed
from harness.image.writing import Format, Job
from harness.words import Arch


def with_bill(form: Format, images: Iterable[ResolvedImage]) -> Format:
    """A format that writes its files and then what is in them. `images`: those that the image is assembled from."""

    def write(job: Job) -> list[Path]:
        # Beside the writing, which for most formats leaves a processor free.
        with ThreadPoolExecutor(1) as aside:
            inventory = aside.submit(inventory_of, job.entries)
            written = form.write(job)
            path = job.path(f".{form.name}{spdx.SUFFIX}")
            path.write_bytes(bill_of(job, written, images, inventory.result()))
        return [*written, path]

    return replace(form, write=write)


def bill_of(job: Job, written: Iterable[Path], images: Iterable[ResolvedImage], inside: Inventory) -> bytes:
    """The document's bytes, the same for the same image. `written`: the image's files; `inside`: what is in them."""
    artefacts = hashed({path.name: content_of(path) for path in written})
    packages = {image_package(image, job.arch) for image in images}
    found = spdx.image_document(job.name, artefacts, packages, inside)
    return json.dumps(found, indent=1, sort_keys=True).encode() + b"\n"


def image_package(image: ResolvedImage, arch: Arch) -> Package:
    """An image as a package: its version is its tag, its hash the digest of its manifest."""
    from packageurl import PackageURL

    plain = full_name(image.ref).partition("@")[0]
    registry, _, path = plain.partition("/")
    bare, _, tag = path.partition(":")
    qualifiers = {"arch": platform_of(arch).architecture, "repository_url": f"{registry}/{bare}"}
    purl = PackageURL("oci", None, bare.rpartition("/")[2], image.digest, qualifiers | ({"tag": tag} if tag else {}))
    return Package(f"{registry}/{bare}", tag, arch.value, purl.to_string(), image.digest.partition(":")[2])
