"""A disk or a network card that the guest did not find: no driver, no such device, or one that does not answer.

Our init looks for each of them and tells in a mark (`drivers`, `disk0`, `network`, `metadata`); the machine's own side
is its command line, with every device that was put in.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.diagnosis.steps import failed_steps
from harness.kernel.modules import normal
from harness.marks import Mark
from harness.preflight.facts import Facts
from harness.preflight.need import Unmet, unmet
from harness.words import Outcome

_ENDS = (Outcome.SERVICE_FAILED, Outcome.READY)


@explains(Weight.STATED, *_ENDS)
def module_missing(case: Case) -> Cause | None:
    """modprobe failed: the module is not in the image, or not for this kernel."""
    step = next((one for one in failed_steps(case) if one.name == "drivers"), None)
    if step is None:
        return None
    names = [name for name in step.fields.get("failed", "").split(",") if name]
    lacking = [missing for name in names if (missing := _of_module(name, case.facts))]
    what = f": {lacking[0].what}" if lacking else ""
    listed = ", ".join(names) or "its drivers"
    return Cause(
        "driver-missing",
        f"init could not load {listed}{what}",
        (step.line, *(missing.what for missing in lacking)),
        f"set {lacking[0].symbol}=y, or put the module into the image"
        if lacking
        else f"put the modules of this very kernel into the image (drivers of the target: {listed})",
    )


@explains(Weight.STATED, *_ENDS)
def unplugged(case: Case) -> Cause | None:
    """QMP told that a device was taken out of the machine, and the step that wanted it failed."""
    step = next((one for one in failed_steps(case) if one.name.startswith(("disk", "metadata", "network"))), None)
    gone = [event for event in case.told if event.kind == "DEVICE_DELETED" and event.data.get("device")]
    wanted = "net" if step and step.name == "network" else "disk"
    found = next((event for event in gone if str(event.data["device"]).startswith(f"dev-{wanted}")), None)
    if step is None or found is None:
        return None
    text = f"the {'network card' if wanted == 'net' else 'disk'} was unplugged while the machine ran ({step.name})"
    return Cause("device-absent", text, (found.text, step.line), "leave the device in the machine until it is up")


@explains(Weight.DEDUCED, *_ENDS)
def disk_not_found(case: Case) -> Cause | None:
    """The step of a disk."""
    step = next((one for one in failed_steps(case) if one.name.startswith(("disk", "metadata"))), None)
    if step is None or step.fields.get("dev", "none") != "none":
        return None
    facts = case.facts
    if facts is None:
        return None
    needs = [need for entry in facts.disks for need in entry.needs]
    needs += [need for machine in facts.machines for bus in facts.buses for need in machine.disk.get(bus, ())]
    return _not_found(facts, step, "disk", bool(facts.buses), [*needs, *_bridge(facts)])


@explains(Weight.DEDUCED, *_ENDS)
def nic_not_found(case: Case) -> Cause | None:
    """The step of the network, where there was not even an interface."""
    step = next((one for one in failed_steps(case) if one.name == "network"), None)
    if step is None or "iface" in step.fields:
        return None
    facts = case.facts
    if facts is None:
        return None
    needs = [need for entry in facts.nics for need in entry.needs]
    needs += [need for machine in facts.machines if facts.onboard_nic for need in machine.nic]
    is_there = bool(facts.nics) or facts.onboard_nic
    return _not_found(facts, step, "network card", is_there, [*needs, *_bridge(facts)])


def _bridge(facts: Facts) -> list[str]:
    """What finds the devices behind PCI, where there are some."""
    return [need for machine in facts.machines if facts.bridged for need in machine.bridge]


@explains(Weight.DEDUCED, *_ENDS)
def no_address(case: Case) -> Cause | None:
    """There is an interface, and DHCP gave it nothing."""
    step = next((one for one in failed_steps(case) if one.name == "network"), None)
    if step is None or "iface" not in step.fields:
        return None
    iface, driver = step.fields["iface"], step.fields.get("driver") or "no driver"
    lacking = _first_unmet(("NET", "INET", "PACKET"), case.facts)
    what = f": {lacking.what}, and DHCP needs it" if lacking else ", as DHCP did not answer"
    return Cause(
        "network-down",
        f"the network card {iface} ({driver}) got no address{what}",
        (step.line, *((lacking.what,) if lacking else ())),
        f"set {lacking.symbol}=y" if lacking else "see that the network it is plugged into has a DHCP server",
    )


def _not_found(facts: Facts, step: Mark, noun: str, is_there: bool, needs: Iterable[str]) -> Cause | None:
    """Of a device that is not in the machine no driver is missing; of one that is, one must be, or it is broken."""
    has = f"the machine has {', '.join(facts.devices) or 'no device'}"
    if not is_there:
        return Cause(
            "device-absent",
            f"the machine has no {noun}, and the image looks for one ({step.name})",
            (step.line, has),
            f"give the machine a {noun}, or take it out of the target",
        )
    lacking = _first_unmet(needs, facts)
    if lacking is None:
        return None
    return Cause(
        "driver-missing",
        f"the kernel has no driver for the machine's {noun}: {lacking.what}",
        (step.line, lacking.what, has),
        f"set {lacking.symbol}=y, or put its module into the image",
    )


def _first_unmet(needs: Iterable[str], facts: Facts | None) -> Unmet | None:
    if facts is None or facts.config is None:
        return None
    return next((missing for need in needs if (missing := unmet(need, facts))), None)


def _of_module(name: str, facts: Facts | None) -> Unmet | None:
    """The symbol that makes a module, where the kernel has not even that."""
    if facts is None:
        return None
    symbols = [symbol for symbol, module in facts.knowledge.modules.items() if normal(module) == normal(name)]
    return _first_unmet(symbols, facts)
