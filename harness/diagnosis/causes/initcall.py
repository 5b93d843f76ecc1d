"""A kernel that stops between its first line and init: the initcall that never came back.

With `initcall_debug` the kernel tells of each one, when it is called and when it returns (init/main.c). A boot that
hung there is booted once more with that word (`run/initcalls.py`); its lines are the case's `initcalls`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.words import Outcome

_CALLING = re.compile(r"^calling +(?P<name>[\w.]{1,120})\+0x\S{1,40}(?: \[(?P<module>\w{1,60})\])? @ (?P<pid>\d{1,8})")
_RETURNED = re.compile(r"^initcall (?P<name>[\w.]{1,120})\+0x\S{1,40}(?: \[\w{1,60}\])? returned")
_PROBED = re.compile(r"^probe of (?P<device>\S{1,80}) returned")


@explains(
    Weight.DEDUCED, Outcome.HANG, Outcome.NO_OUTPUT, Outcome.LOCKUP, Outcome.RCU_STALL, Outcome.HUNG_TASK
)  # fmt: skip
def never_returned(case: Case) -> Cause | None:
    """The last that was called and has not returned; several may be under way, as some run beside the others."""
    lines = case.initcalls or case.lines
    pending = unreturned(lines)
    if not pending or any(" as init process" in line for line in lines):
        return None
    line = pending[-1]
    found = _CALLING.match(line)
    name = found["name"] if found else line
    others = pending[:-1][-2:]
    probed = [text for text in lines if _PROBED.match(text)][-1:]
    return Cause(
        "initcall-deadlock",
        f"the kernel stops inside its initcall {name}, which never returns",
        (line, *others, *probed, *_where(case)),
        f"boot with initcall_blacklist={name} to get past it, and look at what it waits for",
    )


def unreturned(lines: Iterable[str]) -> list[str]:
    """The lines `calling X` for which there is no `initcall X returned`, in order."""
    pending: dict[str, str] = {}
    for line in lines:
        if found := _CALLING.match(line):
            pending[found["name"]] = line
        elif found := _RETURNED.match(line):
            pending.pop(found["name"], None)
    return list(pending.values())


def _where(case: Case) -> tuple[str, ...]:
    return tuple(f"CPU {number}: {cpu}" for number, cpu in enumerate(case.cpus[:2]))
