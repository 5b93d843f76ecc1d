"""What the machine itself asks of a kernel: its processor's surroundings, its bus, its firmware."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level
from harness.preflight.need import findings_of, unmet
from harness.words import Arch


def check(facts: Facts) -> Iterator[Finding]:
    for entry in facts.machines:
        yield from findings_of(
            entry,
            facts,
            f"it could not run on {entry.what}",
            predicts=facts.when_silent,
            early=True,
            cause="machine-support-missing",
        )
    if facts.target.machine.firmware == "uefi":
        yield from _uefi(facts)
    if facts.target.machine.type.startswith("microvm"):
        yield from _microvm(facts)
    if facts.target.machine.cpus > 1 and "maxcpus" not in facts.words and (missing := unmet("SMP", facts)):
        yield Finding(
            Level.WARNING, missing.what, "it would run on one of the machine's processors only", missing.symbol
        )


def _uefi(facts: Facts) -> Iterator[Finding]:
    for symbol in ("EFI", "EFI_STUB"):
        if missing := unmet(symbol, facts, early=True):
            # The milestone `efi` is the kernel's own word that UEFI started it, which only this code has.
            level = Level.ERROR if missing.certain and (facts.ours or symbol == "EFI") else Level.WARNING
            if symbol == "EFI_STUB" and facts.target.arch is Arch.X86_64:
                level = Level.WARNING  # its firmware can also start a kernel the old way
            yield Finding(level, missing.what, "the machine's firmware is UEFI", missing.symbol)
            return
    if facts.target.arch is Arch.ARM64 and (missing := unmet("ACPI", facts, early=True)):
        yield Finding(
            Level.WARNING, missing.what, "UEFI describes this machine by ACPI, not by a device tree", missing.symbol
        )


def _microvm(facts: Facts) -> Iterator[Finding]:
    """QEMU describes its virtio devices by ACPI, or where that is off, on the command line."""
    virtio = any(name.startswith("virtio-") for name in facts.devices)
    by_acpi = facts.target.machine.properties.get("acpi", True) not in (False, "off")
    need, how = ("ACPI", "ACPI") if by_acpi else ("VIRTIO_MMIO_CMDLINE_DEVICES", "the command line")
    if virtio and (missing := unmet(need, facts, early=True)):
        yield Finding(
            Level.ERROR if facts.ours and missing.certain else Level.WARNING,
            missing.what,
            f"a microvm tells of its virtio devices by {how}",
            missing.symbol,
        )
