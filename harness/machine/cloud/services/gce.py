"""Google Compute Engine's metadata server: nothing without its header."""

from __future__ import annotations

from harness.image.instance import Identity
from harness.machine.cloud.exchange import NOT_FOUND, Answer, Request

_ROOT = "/computeMetadata/v1/instance/"


def answer(request: Request, who: Identity) -> Answer:
    """As Google documents it ("About VM metadata")."""
    if request.method != "GET":
        return Answer(405)
    if request.headers.get("metadata-flavor") != "Google":
        return Answer(403)
    pages = {
        "id": who.instance,
        "hostname": who.hostname,
        "attributes/ssh-keys": f"root:{who.key}",
    }
    found = pages.get(request.path.removeprefix(_ROOT)) if request.path.startswith(_ROOT) else None
    return Answer(200, found) if found else NOT_FOUND
