"""Capabilities by the names of Linux, in the order of the kernel's numbers (include/uapi/linux/capability.h)."""

from __future__ import annotations

from collections.abc import Sequence

from harness.image.spec.wanted import Item, Wanted, bad
from harness.plan.validate import suggestion
from harness.plan.yamlfile import shown

_NAMES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # fmt: skip
ALL = tuple(f"CAP_{name}" for name in _NAMES)
_KNOWN = frozenset(ALL)


def capabilities_of(wanted: Wanted) -> dict[str, list[str]]:
    """The five sets of config.json, without the empty ones. Raises InputError for an unknown name."""
    effective = _names(wanted.items("capabilities"))
    ambient = _names(wanted.items("ambient"))
    union = sorted({*effective, *ambient})
    sets = {
        "bounding": union, "effective": effective, "inheritable": union, "permitted": union, "ambient": ambient
    }  # fmt: skip
    return {name: list(found) for name, found in sets.items() if found}


def _names(items: Sequence[Item]) -> list[str]:
    if len(items) == 1 and (word := items[0].text.lower()) in ("all", "none"):
        return list(ALL) if word == "all" else []
    for item in items:
        if item.text not in _KNOWN:
            alone = item.text.lower() in ("all", "none")
            hint = "it must be the only entry" if alone else suggestion(item.text.upper(), ALL)
            raise bad(item, f"{shown(item.text)} is no capability", hint)
    return [item.text for item in items]
