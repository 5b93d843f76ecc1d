"""The root file system: which device it was to be on, whether there is such a device, a driver, a file system.

The kernel's words are those of init/do_mounts.c and block/genhd.c (printk_all_partitions); those of a distribution's
initrd are initramfs-tools' and dracut's.
"""

from __future__ import annotations

import re

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.preflight.checks.cmdline import ROOTS
from harness.preflight.need import Unmet, unmet
from harness.words import Outcome

_ENDS = (
    Outcome.NO_ROOTFS,
    Outcome.KERNEL_PANIC,
    Outcome.HANG,
    Outcome.NO_OUTPUT,
    Outcome.EMERGENCY_SHELL,
    Outcome.RESET_LOOP,
)
_NOT_OPENED = r'VFS: Cannot open root device "(?P<name>[^"]{1,200})" or \S{1,80}: error -?\d+'
# ENODEV of a device that has its numbers: there it is, and rootfstype= names what the kernel has not.
_OPENED = re.compile(r"unknown-block\([1-9]\d*,\d+\): error -19$")
_WAITS = r"Waiting for root device (?P<name>\S{1,200}?)\.{3}"
_NOT_FOUND = r'Unable to mount root fs on (?:"[^"]{1,200}" or )?unknown-block\(0,0\)'
_GIVEN_UP = r"ALERT! {1,4}(?P<name>\S{1,200}) does not exist|[Ww]arning: (?P<dracut>/dev/\S{1,200}) does not exist"
_LISTED = r"^(?:[0-9a-f]{4}|[0-9a-f]{1,3}:[0-9a-f]{1,5}) +\d+ (?P<name>[a-z]\w{1,30})"
_ATTACHED = (
    r"virtio\d+: \[(?P<a>vd[a-z]+)\]|\[(?P<b>s[dr][a-z0-9]+)\] (?:Attached|\d+ )|^(?P<c>mmcblk\d+): mmc"
    r"|^(?P<d>nvme\d+n\d+):"
)
_NO_MEDIUM = re.compile(r"(?:ram|loop|zram|mtdblock|nbd|fd)\d")
_NULL = frozenset({"(null)", ""})


@explains(Weight.DEDUCED, *_ENDS)
def driver_missing(case: Case) -> Cause | None:
    """The device is named, it is in the machine, and the kernel has nothing that drives it."""
    found = _no_such_device(case)
    if found is None or _existing(case, found[0]):
        return None
    name, line = found
    missing = _without_driver(name, case, early=re.search(_GIVEN_UP, line) is None)
    if missing is None:
        return None
    return Cause(
        "root-driver-missing",
        f"the kernel has no driver for its root device {name}: {missing.what}",
        (line, missing.what, *_devices_told(case)),
        f"set {missing.symbol}=y, or hand over an initrd that has the module",
    )


@explains(Weight.DEDUCED, *_ENDS)
def device_missing(case: Case) -> Cause | None:
    """root= names what is not there."""
    found = _no_such_device(case)
    if found is None:
        return None
    name, line = found
    there = devices_seen(case)
    told = f"the kernel sees {', '.join(there)}" if there else "the kernel sees no disk at all"
    has = f"the machine has {', '.join(case.facts.devices) or 'no device'}" if case.facts and not there else ""
    return Cause(
        "root-device-missing",
        f"root={name} names a device that does not exist; {told}",
        (line, *_devices_told(case), has),
        f"name one of {', '.join(there)} in root=" if there else "give the machine a disk, or the kernel its driver",
    )


@explains(Weight.STATED, *_ENDS)
def filesystem_unknown(case: Case) -> Cause | None:
    """The device was opened, and no file system of the kernel's took it."""
    panic = case.said(
        r"Unable to mount root fs on (?:\"(?P<name>[^\"]{1,80})\"|(?P<dev>unknown-block\([1-9]\d*,\d+\)))"
    )
    if panic is None or _no_such_device(case) or _is_default(panic["dev"] or "", case):
        return None
    tried = _tried(case)
    kind = case.last_word("rootfstype")
    name = case.last_word("root") or panic["name"] or panic["dev"]
    symbol = _filesystem_symbol(kind, case)
    text = f"no file system that the kernel knows is on its root device {name}"
    if kind:
        text = f"the kernel could not mount its root device {name} as {kind}"
    if symbol:
        text += f": {symbol.what}"
    has = f"it has {', '.join(tried)}" if tried else "it tried every file system it has"
    to_do = (
        f"set {symbol.symbol}=y" if symbol else "build the disk's file system into the kernel (=y), or format the disk"
    )
    return Cause("root-filesystem-unknown", f"{text}; {has}", (panic.string, *([symbol.what] if symbol else [])), to_do)


@explains(Weight.DEDUCED, *_ENDS)
def none_named(case: Case) -> Cause | None:
    """Neither an initrd nor root=, on a machine that has a disk it could be on."""
    facts = case.facts
    if facts is None or facts.has_initrd or facts.ours or "root" in facts.words or not facts.buses:
        return None
    panic = case.said(r"Unable to mount root fs|Cannot open root device \"(?:\(null\))?\"")
    if panic is None:
        return None
    there = devices_seen(case)
    return Cause(
        "no-root-named",
        "the kernel was given neither an initrd nor root= on its command line",
        (panic.string, f"command line: {' '.join(facts.cmdline)}", *_devices_told(case)),
        f"add root=/dev/{there[0]} to the command line" if there else "add root= to the command line, or an initrd",
    )


def devices_seen(case: Case) -> list[str]:
    """Disks and partitions that the kernel told of, by name: in its list of all partitions, or when it found them."""
    listed = [found["name"] for found in case.all_said(_LISTED)]
    found = [name for line in case.all_said(_ATTACHED) for name in line.groups() if name]
    return [name for name in dict.fromkeys(listed or found) if not _NO_MEDIUM.match(name)][:8]


def _devices_told(case: Case) -> tuple[str, ...]:
    lines = [found.string for found in case.all_said(_LISTED) if not _NO_MEDIUM.match(found["name"])]
    return tuple((lines or [found.string for found in case.all_said(_ATTACHED)])[:4])


def _is_default(device: str, case: Case) -> bool:
    """Some architectures (s390) take the first RAM disk for the root where none was named."""
    return device == "unknown-block(1,0)" and case.facts is not None and "root" not in case.facts.words


def _no_such_device(case: Case) -> tuple[str, str] | None:
    """The device that was asked for in vain, and the line that says so. Waiting is no failure once it is mounted."""
    if case.said(r"VFS: Mounted root"):
        return None
    root = case.last_word("root")
    for pattern in (_NOT_OPENED, _WAITS, _GIVEN_UP):
        if found := case.said(pattern):
            if _OPENED.search(found.string):
                return None
            name = next((text for text in found.groups() if text), "")
            if name not in _NULL:
                return root or name, found.string
    if root and (panic := case.said(_NOT_FOUND)):
        return root, panic.string
    return None


def _existing(case: Case, name: str) -> bool:
    """Whether the kernel sees the disk whose partition is named, which takes more than a driver."""
    disk = name.removeprefix("/dev/")
    return any(disk.startswith(seen.rstrip("0123456789")) for seen in devices_seen(case))


def _without_driver(name: str, case: Case, *, early: bool) -> Unmet | None:
    """What the kernel lacks for the device: its class of devices first, then the machine's own disks.

    `early`: it is the kernel that mounts it, and no module can have been loaded.
    """
    facts = case.facts
    disks = facts.disks if facts else ()
    if facts is None or facts.config is None or not (disks or facts.buses):
        return None  # what is not in the machine needs no driver
    device = name.removeprefix("/dev/")
    needs = [symbol for prefix, symbol in ROOTS.items() if re.match(rf"{prefix}[a-z0-9]", device)]
    needs += [need for entry in disks for need in entry.needs]
    needs += [need for machine in facts.machines for bus in facts.buses for need in machine.disk.get(bus, ())]
    return next((missing for need in needs if (missing := unmet(need, facts, early=early))), None)


def _filesystem_symbol(kind: str | None, case: Case) -> Unmet | None:
    facts = case.facts
    if not kind or facts is None or facts.config is None or kind not in facts.knowledge.features:
        return None
    entry = facts.knowledge.features[kind]
    return next((missing for need in entry.needs if (missing := unmet(need, facts, early=True))), None)


def _tried(case: Case) -> list[str]:
    """The names behind `No filesystem could mount root, tried:`, on its line or on those that follow."""
    found = case.said(r"No filesystem could mount root, tried:(?P<names>[^\n]{0,300})|List of all bdev filesystems:")
    if found is None:
        return []
    names = (found["names"] or "").split()
    for line in case.behind(found.string, 20)[1:]:
        word = re.match(r"^ ?([a-z0-9_]{2,16})$", line)
        if not word:
            break
        names.append(word[1])
    return names[:12]
