"""Each device of the QEMU command line must have its driver: our init looks for every disk and network card."""

from __future__ import annotations

from collections.abc import Iterator

from harness.preflight.facts import Facts
from harness.preflight.finding import Finding
from harness.preflight.need import findings_of
from harness.words import Outcome

_ENDS = Outcome.SERVICE_FAILED  # a disk or a network card that our init does not find fails its step

_CAUSE = "driver-missing"


def check(facts: Facts) -> Iterator[Finding]:
    for name in dict.fromkeys(facts.devices):
        if entry := facts.knowledge.device(name, facts.target.arch):
            why = f"{entry.what} ({name}) would have no driver"
            yield from findings_of(entry, facts, why, certain=facts.ours, predicts=_ENDS, cause=_CAUSE)
    for machine in facts.machines:
        if facts.bridged:
            why = f"the PCI host bridge of {machine.what}, and with it every device behind it, would have no driver"
            yield from findings_of(
                machine, facts, why, needs=machine.bridge, certain=facts.ours, predicts=_ENDS, cause=_CAUSE
            )
        for bus in dict.fromkeys(facts.buses):
            needs = machine.disk.get(bus, ())
            why = f"the {bus} disk of {machine.what} would have no driver"
            yield from findings_of(machine, facts, why, needs=needs, certain=facts.ours, predicts=_ENDS, cause=_CAUSE)
        if facts.onboard_nic:
            why = f"the network card of {machine.what} would have no driver"
            yield from findings_of(
                machine, facts, why, needs=machine.nic, certain=facts.ours, predicts=_ENDS, cause=_CAUSE
            )
