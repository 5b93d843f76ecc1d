"""An initrd lies in memory twice while it is unpacked."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level

ALWAYS = True

_KERNEL = 64 << 20  # bytes that a kernel takes for itself, roughly


def check(facts: Facts) -> Iterator[Finding]:
    if facts.initrd is None:
        return
    memory = facts.target.machine.memory << 20
    packed, unpacked = facts.initrd.packed, facts.initrd.unpacked
    sizes = f"the initrd has {_mib(packed)} MiB, unpacked {_mib(unpacked)} MiB"
    why = f"the machine has {facts.target.machine.memory} MiB"
    hint = "give it more in machine.memory, or make the initrd smaller"
    if packed > memory or unpacked > memory:
        yield Finding(Level.ERROR, sizes, why, hint=hint, cause="initrd-too-big")
    elif packed + unpacked + _KERNEL > memory:
        yield Finding(
            Level.WARNING, sizes, f"{why}, which may not be enough for both", hint=hint, cause="initrd-too-big"
        )


def _mib(size: int) -> int:
    return -(-size // (1 << 20))
