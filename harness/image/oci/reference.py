"""Names of images: `alpine` is `docker.io/library/alpine`, as everybody's tools have it."""

from __future__ import annotations

import re

from harness.errors import InputError

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
MAX_REFERENCE = 400


def full_name(reference: str) -> str:
    """The name with its registry, as annotations have it; tag and digest stay as they are, none is added.

    Raises InputError for what cannot be the name of an image.
    """
    found = _REFERENCE.fullmatch(reference) if len(reference) <= MAX_REFERENCE else None
    if not found:
        raise InputError(
            f"{reference[:120]!r} cannot be the name of an image",
            hint="write it as [registry/]name[:tag][@sha256:...], the name in lower case",
        )
    domain, path = found["domain"], found["path"]
    if domain and "." not in domain and ":" not in domain and domain != "localhost" and domain == domain.lower():
        domain, path = None, f"{domain}/{path}"
    if domain in (None, "docker.io", "index.docker.io"):
        domain, path = "docker.io", path if "/" in path else f"library/{path}"
    tag = f":{found['tag']}" if found["tag"] else ""
    digest = f"@{found['digest']}" if found["digest"] else ""
    return f"{domain}/{path}{tag}{digest}"


def digest_in(reference: str) -> str | None:
    """The digest that a reference demands."""
    return reference.rpartition("@")[2] if "@sha256:" in reference else None
