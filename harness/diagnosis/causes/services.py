"""After init has started: a step or a unit that fails, and programs that find no network.

The steps of our own init and of the container init tell of themselves in marks, systemd's units in its words.
"""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.diagnosis.steps import failed_steps, first_failed
from harness.words import Outcome

_NETWORK = (
    r"Network is unreachable|[Nn]o route to host|[Nn]ame resolution failure|Temporary failure in name resolution"
    r"|[Cc]ould not resolve host|No DHCPOFFERS received|udhcpc: no lease|timed out waiting for (?:carrier|IP)"
    r"|dhcpcd[^\n]{0,40}: (?:no carrier|timed out)|Failed to start [^\n]{0,60}[Nn]etwork"
)
_UNIT = (
    r"(?P<unit>[\w@.:-]{1,80}\.service): (?:Main|Control) process exited, code=(?P<how>\w{1,12})"
    r", status=(?P<status>[\w/]{1,40})"
    r"|(?P<failed>[\w@.:-]{1,80}\.service): Failed with result '[\w-]{1,40}'"
    r"|Failed to start (?P<name>[^\n]{1,120}?)\.?$"
)


@explains(Weight.NAMED, Outcome.SERVICE_FAILED, Outcome.EMERGENCY_SHELL, Outcome.HANG, Outcome.READY)
def network_down(case: Case) -> Cause | None:
    """Programs that wanted the network say that there is none."""
    found = case.said(_NETWORK)
    if found is None:
        return None
    return Cause(
        "network-down",
        "the guest's network is not up",
        (found.string, *first_failed(case)),
        "see that the card has its driver and DHCP answers; QEMU's network leads out only with nics.internet: true",
    )


@explains(Weight.NAMED, Outcome.SERVICE_FAILED, Outcome.EMERGENCY_SHELL, Outcome.HANG, Outcome.READY)
def step_failed(case: Case) -> Cause | None:
    """A step of our init: its status and what was said before it."""
    for failed in failed_steps(case):
        before = case.lines[: case.lines.index(failed.line)]
        words = tuple(line for line in before if "bootmatrix: step=" not in line)[-3:]
        reason = f" ({failed.fields['reason']})" if "reason" in failed.fields else ""
        return Cause(
            "service-died",
            f"the step {failed.name} failed with status {failed.status}{reason}",
            (failed.line, *words),
            f"boot the image by hand and run {failed.name.rpartition(':')[2]} in its shell",
        )
    return None


@explains(Weight.NAMED, Outcome.SERVICE_FAILED, Outcome.EMERGENCY_SHELL, Outcome.HANG, Outcome.READY)
def unit_failed(case: Case) -> Cause | None:
    """systemd's: the first whose exit it tells of, for the others mostly fail of it."""
    units = case.all_said(_UNIT)
    if not units:
        return None
    exited = next((one for one in units if one["unit"]), units[0])
    name = exited["unit"] or exited["failed"] or exited["name"]
    how = f" ({exited['how']}, status {exited['status']})" if exited["unit"] else ""
    others = tuple(one.string for one in units if one.string != exited.string)
    return Cause(
        "service-died",
        f"the service {name} failed{how}",
        (exited.string, *others),
        f"see its own words: journalctl -u {name}" if name.endswith(".service") else "see its own words in the journal",
    )
