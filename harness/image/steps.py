"""/etc/bootmatrix/steps: what the init of `minimal` does on this target, one word and its values a line."""

from __future__ import annotations

from collections.abc import Sequence

from harness.plan.target import Target

PATH = "etc/bootmatrix/steps"


def steps_of(target: Target, load: Sequence[str]) -> str:
    """The file's text. `load`: the modules to load, in order. Pure; every value is of an inert alphabet already."""
    lines = []
    if load:
        lines.append(f"drivers {' '.join(load)}")
    if scratch := [str(number) for number, disk in enumerate(target.disks) if disk.content == "scratch"]:
        lines.append(f"disks {' '.join(scratch)}")
    if target.nics:
        lines.append("network yes")
    if source := target.metadata_source:
        lines.append(f"metadata {source}")
    if target.machine.tpm:
        lines.append("tpm yes")
    if target.checks.clocksource:
        lines.append(f"clocksource {target.checks.clocksource}")
    if target.checks.buses:
        lines.append(f"buses {' '.join(target.checks.buses)}")
    if target.console.channel:
        lines.append(f"channel {target.console.channel}")
        if target.console.baud:
            lines.append(f"baud {target.console.baud}")
    return "".join(f"{line}\n" for line in lines)


def helpers_of(target: Target) -> tuple[str, ...]:
    """Modules that the steps themselves need, where the kernel has them as modules."""
    helpers = []
    if target.nics:
        helpers.append("af_packet")  # DHCP
    if target.metadata_source in ("nocloud", "config-drive"):
        helpers.append("isofs")
    return tuple(helpers)
