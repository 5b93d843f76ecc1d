"""Modules in the initrd must be for this very kernel, in a form it loads."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level
from harness.preflight.need import unmet
from harness.words import Outcome

ALWAYS = True  # a release can be compared without a configuration

_PACKED = {".ko.xz": "XZ", ".ko.zst": "ZSTD", ".ko.gz": "GZIP"}


def check(facts: Facts) -> Iterator[Finding]:
    files = [file for file in facts.initrd.modules if ".ko" in file] if facts.initrd else []
    if not files:
        return
    if facts.config is not None and (missing := unmet("MODULES", facts, early=True)):
        yield Finding(
            Level.ERROR if facts.ours and missing.certain else Level.WARNING,
            missing.what,
            "the initrd's modules cannot be loaded",
            missing.symbol,
            predicts=Outcome.SERVICE_FAILED,
            cause="driver-missing",
        )
        return
    releases = {file.split("/")[2] for file in files if file.count("/") > 2}
    if facts.release and releases and facts.release not in releases:
        yield Finding(
            Level.WARNING,
            f"the initrd has modules for {', '.join(sorted(releases)[:3])}",
            f"the kernel is {facts.release}, and takes none of them",
        )
    if facts.config is not None:
        yield from _forms(files, facts)


def _forms(files: list[str], facts: Facts) -> Iterator[Finding]:
    for suffix, form in _PACKED.items():
        if not any(file.endswith(suffix) for file in files):
            continue
        if facts.symbols.get(f"MODULE_COMPRESS_{form}") == "y" or facts.symbols.get("MODULE_DECOMPRESS") == "y":
            continue
        if "MODULE_COMPRESS_NONE" in facts.symbols and facts.ours:
            # kmod unpacks them by itself, busybox does not: only ours is known to have busybox.
            yield Finding(
                Level.WARNING,
                f"the kernel was built for plain modules, the initrd has {suffix}",
                "modprobe must unpack them itself",
                f"CONFIG_MODULE_COMPRESS_{form}",
            )
