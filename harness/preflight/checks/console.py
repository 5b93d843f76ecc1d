"""console= must name a console that the kernel has, or nobody hears of the boot."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.kernel.devicetree import DeviceNode
from harness.kernel.symbols import text_of
from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level
from harness.preflight.need import findings_of

_CAUSE = "console-missing"
_NAME = re.compile(r"([A-Za-z]+)(\d*)$")


def check(facts: Facts) -> Iterator[Finding]:
    device = facts.target.console.device
    told = tuple(value.partition(",")[0] for value in facts.words.get("console", ()))
    if _forced(facts):
        text = text_of(facts.symbols, "CMDLINE")
        if f"console={device}" not in text:
            yield Finding(
                Level.ERROR if facts.config_certain else Level.WARNING,
                f"the kernel takes no command line but its own, {text[:80]!r}",
                f"console={device} would not reach it",
                _forced(facts),
                cause="console-wrong",
            )
        return
    if device not in told:
        return  # the user's own words put the console elsewhere
    name = _NAME.match(device)
    entry = name and facts.knowledge.console(name[1], facts.target.arch)
    if not name or not entry:
        yield Finding(
            Level.WARNING, f"nothing is known of console={device}", "whether the kernel has it is not checked"
        )
        return
    why = f"console={device} would show nothing"
    outcome = facts.when_silent
    found = list(findings_of(entry, facts, why, predicts=outcome, cause=_CAUSE))
    if not found and (node := _port(facts, name[2])):
        for compatible in node.compatible:
            if (port := facts.knowledge.compatibles.get(compatible)) and port.console:
                found += findings_of(
                    port, facts, f"{why}: it is {port.what} of this board", predicts=outcome, cause=_CAUSE
                )
                break
    yield from found or _ports(facts)


def _forced(facts: Facts) -> str:
    """The symbol that makes a kernel deaf to its boot loader; empty where it listens."""
    for symbol in ("CMDLINE_FORCE", "CMDLINE_OVERRIDE"):
        if facts.symbols.get(symbol) == "y" and text_of(facts.symbols, "CMDLINE"):
            return f"CONFIG_{symbol}"
    return ""


def _port(facts: Facts, number: str) -> DeviceNode | None:
    """The device behind the console's number: serial drivers number their ports by the tree's aliases."""
    return facts.tree.at(f"serial{number or 0}") if facts.tree else None


def _ports(facts: Facts) -> Iterator[Finding]:
    """An 8250 driver makes so many ports and no more."""
    most = facts.symbols.get("SERIAL_8250_RUNTIME_UARTS", "")
    asked = facts.last("8250.nr_uarts")
    for device in (facts.target.console.device, facts.target.console.channel or ""):
        name = _NAME.match(device)
        if name and name[1] == "ttyS" and most.isdigit() and asked is None and int(name[2] or 0) >= int(most):
            yield Finding(
                Level.WARNING,
                f"CONFIG_SERIAL_8250_RUNTIME_UARTS is {most}",
                f"{device} may not be among its ports",
                "CONFIG_SERIAL_8250_RUNTIME_UARTS",
                hint=f"add 8250.nr_uarts={int(name[2] or 0) + 1} to the command line",
            )
