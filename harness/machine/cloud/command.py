"""What QEMU is told to start for a guest that asks its cloud."""

from __future__ import annotations

import sys

from harness.image.instance import Identity
from harness.plan.target import Target

_MODULE = "harness.machine.cloud.service"  # not imported: it is a program, and starts the faster without our models


def metadata_service(target: Target, who: Identity) -> tuple[str, ...]:
    """The program that answers one request as the target's cloud does; empty where it has none."""
    cloud = next((nic.metadata for nic in target.nics if nic.metadata), None)
    return (sys.executable, "-I", "-m", _MODULE, cloud, who.instance, who.hostname, who.key) if cloud else ()
