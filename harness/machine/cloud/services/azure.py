"""Azure's instance metadata service: a header, and a version that it knows."""

from __future__ import annotations

import json
import re

from harness.image.instance import Identity
from harness.machine.cloud.exchange import NOT_FOUND, Answer, Request

_VERSION = re.compile(r"/metadata/instance\?(?:[^ ]*&)?api-version=20\d\d-\d\d-\d\d(?:&[^ ]*)?")


def answer(request: Request, who: Identity) -> Answer:
    """As Microsoft documents it ("Azure Instance Metadata Service")."""
    if request.path.partition("?")[0] != "/metadata/instance":
        return NOT_FOUND
    if request.method != "GET":
        return Answer(405)
    if request.headers.get("metadata", "").lower() != "true" or not _VERSION.fullmatch(request.path):
        return Answer(400, json.dumps({"error": "Bad request. Required metadata header or version not specified"}))
    compute = {
        "name": who.hostname,
        "osProfile": {"adminUsername": "root", "computerName": who.hostname},
        "publicKeys": [{"keyData": who.key, "path": "/root/.ssh/authorized_keys"}],
        "vmId": who.instance,
    }
    return Answer(200, json.dumps({"compute": compute}, separators=(",", ":")), "application/json")
