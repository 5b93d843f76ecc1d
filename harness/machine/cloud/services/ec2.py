"""EC2's instance metadata service, version 2: a token first, by PUT, and nothing without it."""

from __future__ import annotations

import hashlib

from harness.image.instance import Identity
from harness.machine.cloud.exchange import NOT_FOUND, Answer, Request

_TTL = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN = "x-aws-ec2-metadata-token"
_LONGEST = 21600  # seconds


def answer(request: Request, who: Identity) -> Answer:
    """As AWS documents it ("Use IMDSv2")."""
    if request.path == "/latest/api/token":
        return _token(request, who)
    if request.method != "GET":
        return Answer(405)
    if request.headers.get(_TOKEN) != _token_of(who):
        return Answer(401)
    pages = {
        "/latest/meta-data/instance-id": who.instance,
        "/latest/meta-data/local-hostname": who.hostname,
        "/latest/meta-data/public-keys/": "0=bootmatrix",
        "/latest/meta-data/public-keys/0/openssh-key": who.key,
    }
    found = pages.get(request.path)
    return Answer(200, found) if found else NOT_FOUND


def _token(request: Request, who: Identity) -> Answer:
    if request.method != "PUT":
        return Answer(405)
    seconds = request.headers.get(_TTL, "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 6 and 1 <= int(seconds) <= _LONGEST):
        return Answer(400)
    return Answer(200, _token_of(who))


def _token_of(who: Identity) -> str:
    """Each request is answered by a process of its own, so nothing can be remembered: it is made of who asks."""
    return hashlib.sha256(f"token of {who.instance}".encode()).hexdigest()
