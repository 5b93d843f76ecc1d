"""root=, rootfstype= and their like: words that promise something which the kernel must be able to do by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level
from harness.preflight.need import unmet
from harness.words import Outcome

_FILE_SYSTEMS = {"ext4": "EXT4_FS", "ext3": "EXT4_FS", "ext2": "EXT2_FS | EXT4_USE_FOR_EXT2"}
# The beginning of a device's name -> what drives it.
ROOTS = {"vd": "VIRTIO_BLK", "sd": "BLK_DEV_SD", "nvme": "BLK_DEV_NVME", "mmcblk": "MMC_BLOCK", "sr": "BLK_DEV_SR"}


def check(facts: Facts) -> Iterator[Finding]:
    if facts.initrd is not None:  # `noinitrd` is for initrds of old, which were no archives: this one is unpacked
        return  # whatever it is in, an initrd mounts the root
    root = facts.last("root")
    if root is None:
        if not facts.symbols.get("INITRAMFS_SOURCE", '""').strip('"'):
            yield Finding(
                Level.WARNING,
                "there is neither an initrd nor root= on the command line",
                "the kernel would find no root file system",
                predicts=Outcome.NO_ROOTFS,
                cause="initrd-missing",
            )
        return
    yield from _device(root, facts)
    for kind in (facts.last("rootfstype") or "").split(","):
        if kind and re.fullmatch(r"[a-z0-9]{2,16}", kind):
            needs = facts.knowledge.features[kind].needs if kind in facts.knowledge.features else ()
            for need in (_FILE_SYSTEMS.get(kind), *needs):
                if need and (missing := unmet(need, facts, early=True)):
                    yield _refused(missing.what, f"rootfstype={kind}", missing.symbol, certain=missing.certain)
                    return


def _device(root: str, facts: Facts) -> Iterator[Finding]:
    name = root.removeprefix("/dev/")
    for prefix, symbol in ROOTS.items():
        if re.match(rf"{prefix}[a-z0-9]", name) and (missing := unmet(symbol, facts, early=True)):
            yield _refused(missing.what, f"root={root}", missing.symbol, certain=missing.certain)
    if name == "nfs" and (missing := unmet("ROOT_NFS", facts, early=True)):
        yield _refused(missing.what, f"root={root}", missing.symbol, certain=missing.certain)


def _refused(what: str, word: str, symbol: str, *, certain: bool) -> Finding:
    """Certain, as without an initrd nothing can load a module before the root is mounted."""
    why = f"{word} cannot be mounted without an initrd"
    outcome = Outcome.NO_ROOTFS if word.startswith("rootfstype") else None  # with rootwait, it waits for ever
    cause = "root-filesystem-unknown" if word.startswith("rootfstype") else "root-driver-missing"
    return Finding(Level.ERROR if certain else Level.WARNING, what, why, symbol, predicts=outcome, cause=cause)
