"""QEMU's user network, as its monitor shows it (`info usernet`)."""

from __future__ import annotations

import re

# TCP[HOST_FORWARD]  12       127.0.0.1 40671       10.0.2.15    22     0     0
_FORWARD = re.compile(r"TCP\[HOST_FORWARD\]\s+\d+\s+(?P<host>[\d.]+|\*)\s+(?P<from>\d+)\s+[\d.]+\s+(?P<to>\d+)\s")


def forwarded_from(table: str, port: int) -> tuple[str, int] | None:
    """Host and port from which QEMU forwards to a TCP port of the guest. Pure."""
    for found in _FORWARD.finditer(table):
        if int(found["to"]) == port:
            return ("127.0.0.1" if found["host"] == "*" else found["host"]), int(found["from"])
    return None
