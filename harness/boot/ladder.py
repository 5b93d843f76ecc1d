"""The milestones a cell must reach, in order: which evidence counts for each. Pure functions of the target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from harness.marks import marks_in
from harness.plan.target import Target
from harness.words import Arch, Event, Outcome, Source

READY = "ready"
POWEROFF = "poweroff"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Evidence for or against a milestone, as it was seen; `offset` orders several within one block of lines."""

    ok: bool
    line: str
    offset: int = 0


class Rung(Protocol):
    """One milestone: a name, the evidence that counts for it, and the outcome when the evidence says it failed."""

    @property
    def name(self) -> str: ...

    @property
    def failure(self) -> Outcome: ...

    @property
    def optional(self) -> bool:
        """It is told when it is seen, and nobody waits for it."""

    @property
    def ordered(self) -> bool:
        """Whether those before it must be reached before it, and those behind it after it."""

    def sighted(self, event: Event) -> Sighting | None:
        """The evidence in this event, if there is any."""


@dataclass(frozen=True, slots=True)
class ConsoleRung:
    """A console line. `needle` is a literal that every match contains, or empty for a pattern of the user's."""

    name: str
    pattern: re.Pattern[str]
    needle: str = ""
    prompts: bool = False  # whether an unfinished line counts, as a login prompt is one
    failure: Outcome = Outcome.HANG
    optional: bool = False
    ordered: bool = True

    def sighted(self, event: Event) -> Sighting | None:
        if event.source is not Source.CONSOLE or not (event.kind == "lines" or self.prompts):
            return None
        if self.needle and self.needle not in event.text:
            return None
        found = self.pattern.search(event.text)
        return Sighting(True, _line_at(event.text, found.start()), found.start()) if found else None


@dataclass(frozen=True, slots=True)
class MarkRung:
    """A step of the guest's init, with its exit status. `expected` fields must have exactly these values."""

    name: str
    expected: dict[str, str] = field(default_factory=dict)
    failure: Outcome = Outcome.SERVICE_FAILED
    optional: bool = False
    ordered: bool = True
    group: str = ""  # rungs beside each other in one group come in any order

    def sighted(self, event: Event) -> Sighting | None:
        if event.kind != "lines":
            return None
        for mark in marks_in(event.text):
            if mark.name == self.name:
                wrong = [key for key, value in self.expected.items() if mark.fields.get(key) != value]
                note = f" (expected {', '.join(f'{key}={self.expected[key]}' for key in wrong)})" if wrong else ""
                return Sighting(mark.status == 0 and not wrong, mark.line + note, mark.offset)
        return None


@dataclass(frozen=True, slots=True)
class FactRung:
    """Something the machine or the harness itself found out (`data["ok"]` says how it went)."""

    name: str
    kind: str
    failure: Outcome = Outcome.READY
    optional: bool = False
    ordered: bool = True

    def sighted(self, event: Event) -> Sighting | None:
        if event.kind != self.kind or event.source is Source.CONSOLE:
            return None
        return Sighting(bool(event.data.get("ok")), event.text)


@dataclass(frozen=True, slots=True)
class ShutdownRung:
    """The guest switched the machine off, as QMP tells it."""

    name: str = POWEROFF
    failure: Outcome = Outcome.POWERED_OFF
    optional: bool = False
    ordered: bool = True

    def sighted(self, event: Event) -> Sighting | None:
        if event.source is Source.QMP and event.kind == "SHUTDOWN" and event.data.get("reason") == "guest-shutdown":
            return Sighting(True, event.text)
        return None


_SEABIOS = ConsoleRung("firmware", re.compile(r"SeaBIOS \(version [^)\n]{0,200}\)"), "SeaBIOS")
_UEFI = ConsoleRung(
    "firmware",
    re.compile(
        r"(?:UEFI firmware \(|RISC-V EDK2 firmware )version[^\n]*|BdsDxe: [^\n]*"
        r"|>>Start (?:PXE|HTTP Boot) [^\n]*|EFI stub: [^\n]*"
    ),
)
# The kernel's own word that it was started by UEFI and not past it.
_EFI_KERNEL = ConsoleRung("efi", re.compile(r"efi: EFI v[\d.]+ by [^\n]*"), "efi: EFI v")
# The first that a kernel says, when it is still a program of UEFI's.
_SECURE_BOOT = ConsoleRung("secure-boot", re.compile(r"EFI stub: UEFI Secure Boot is enabled\."), "Secure Boot")
# Only the banner at the head of a boot counts (no time yet, or time zero): a log that is printed again is no new boot.
# Firmware may leave its own text in front of it: SeaBIOS' last line is not ended when the kernel takes over.
KERNEL_BANNER = re.compile(r"(?:^(?:<\d>)?|\[ *0\.000000\](?:\[[^\]\n]*\])? ?)Linux version \d[^\n]*", re.MULTILINE)
_KERNEL = ConsoleRung("kernel", KERNEL_BANNER, "Linux version ")
# IBM Z's clock runs since power-on, and the kernel's first line has the time it shows by then.
_KERNEL_Z = ConsoleRung("kernel", re.compile(r"\[ *\d{1,3}\.\d{6}\] Linux version \d[^\n]*"), "Linux version ")
_POWER_DOWN = ConsoleRung(POWEROFF, re.compile(r"reboot: Power down"), "Power down", failure=Outcome.POWERED_OFF)


def _line_at(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return text[start : len(text) if end < 0 else end].strip()


def _firmware(target: Target) -> Iterator[Rung]:
    if target.machine.firmware == "bios":
        yield _SEABIOS
    elif target.machine.firmware == "uefi":
        yield _UEFI


def _banner(target: Target) -> Rung:
    return _KERNEL_Z if target.arch is Arch.S390X else _KERNEL


def _kernel_on_uefi(target: Target) -> Iterator[Rung]:
    if target.machine.firmware == "uefi":
        yield _EFI_KERNEL


def _verified(target: Target) -> Iterator[Rung]:
    if target.machine.secure_boot:
        yield _SECURE_BOOT


def _lines_of_kernel(target: Target) -> Iterator[Rung]:
    """In no order: a driver that is a module speaks later than one that is built in."""
    for one in target.boot.lines:
        yield ConsoleRung(one.name, re.compile(one.line, re.MULTILINE), ordered=False)


def _user_space(running: dict[str, str]) -> tuple[Rung, ...]:
    """The first program runs; then it has mounted what it finds out in which kernel's hands it is."""
    return MarkRung("init", failure=Outcome.INIT_DIED), MarkRung("system", running)


def image_ladder(
    target: Target,
    *,
    running: dict[str, str],
    metadata: dict[str, str],
    asks_machine: bool,
    door: Sequence[Rung] = (),
) -> tuple[Rung, ...]:
    """The milestones of an image of ours.

    `running` and `metadata` are what the marks `system` and `metadata` must report (the kernel that was built, the
    instance that was handed in); `door` is what stands between firmware and kernel; `asks_machine` tells whether the
    machine answers questions of its own (QMP).
    """
    rungs: list[Rung] = [*_firmware(target), *door, *_verified(target)]
    rungs += [_banner(target), *_kernel_on_uefi(target), *_lines_of_kernel(target)]
    rungs += [*_user_space(running), MarkRung("drivers")]
    if clock := target.checks.clocksource:
        rungs.append(MarkRung("clocksource", {"name": clock}))
    rungs += [MarkRung(f"bus-{bus}") for bus in target.checks.buses]
    rungs += [MarkRung(f"disk{index}") for index, disk in enumerate(target.disks) if disk.content == "scratch"]
    if target.nics:
        rungs.append(MarkRung("network"))
    if target.metadata_source:
        rungs.append(MarkRung("metadata", metadata))
    if target.machine.tpm:
        rungs.append(MarkRung("tpm"))
    if target.console.channel:
        rungs.append(MarkRung("channel"))
    rungs.append(MarkRung(READY))
    if asks_machine:
        rungs.append(FactRung("devices", "inspection"))
    rungs.append(FactRung("shell", "shell"))
    if target.boot.poweroff:
        rungs.append(ShutdownRung() if asks_machine else _POWER_DOWN)
    return tuple(rungs)


def places_of(rungs: Sequence[Rung]) -> dict[str, int]:
    """The place of each milestone in the order; those of one group share theirs. Pure."""
    places: dict[str, int] = {}
    before = ""
    place = -1
    for rung in rungs:
        group = rung.group if isinstance(rung, MarkRung) else ""
        if not group or group != before:
            place += 1
        places[rung.name] = place
        before = group
    return places


def check_kind(name: str) -> str:
    """The kind of the event by which the session tells how a check went."""
    return f"check:{name}"


@dataclass(frozen=True, slots=True)
class Steps:
    """What an assembly of containers does, by name: the milestones that its init tells of."""

    volumes: tuple[str, ...] = ()
    onboot: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    onshutdown: tuple[str, ...] = ()


def assembly_ladder(
    target: Target,
    steps: Steps,
    checks: Sequence[str],
    *,
    running: dict[str, str],
    asks_machine: bool,
    door: Sequence[Rung] = (),
) -> tuple[Rung, ...]:
    """The milestones of an assembly of containers; `checks`: names of what is asked once it is ready."""
    rungs: list[Rung] = [*_firmware(target), *door, *_verified(target)]
    rungs += [_banner(target), *_kernel_on_uefi(target), *_lines_of_kernel(target)]
    rungs += [*_user_space(running), MarkRung("drivers")]
    if target.console.channel:
        rungs.append(MarkRung("channel"))
    rungs += [MarkRung(f"volume:{name}") for name in steps.volumes]
    rungs += [MarkRung(f"onboot:{name}") for name in steps.onboot]
    if steps.services:
        rungs.append(MarkRung("containerd"))
        rungs += [MarkRung(f"service:{name}", group="services") for name in steps.services]
    rungs.append(MarkRung(READY))
    if asks_machine:
        rungs.append(FactRung("devices", "inspection"))
    rungs.append(FactRung("shell", "shell"))
    rungs += [FactRung(name, check_kind(name), failure=Outcome.SERVICE_FAILED) for name in checks]
    if target.boot.poweroff:
        rungs += [MarkRung("services-stopped")] if steps.services else []
        rungs += [MarkRung(f"onshutdown:{name}") for name in steps.onshutdown]
        rungs.append(MarkRung("shutdown"))
        rungs.append(ShutdownRung() if asks_machine else _POWER_DOWN)
    return tuple(rungs)


# What somebody else's image shows when it is up: a login prompt, a shell of the root, or an installer's first screen.
LOGIN = re.compile(r"(?<!\S)login: ?$|^(?:\S*|[/~]\S* )[#$] $", re.MULTILINE)
# A whole system on its own disk says more, where nobody told its kernel and its systemd to be quiet.
_TARGET = r"Reached target (?:\S{1,40} - )?"
_SYSTEM = (
    ConsoleRung(
        "systemd", re.compile(r"systemd \d{3}[^\n]{0,400} running in system mode"), "running in", optional=True
    ),
    ConsoleRung("basic-target", re.compile(f"{_TARGET}Basic System"), "Basic System", optional=True),
    ConsoleRung("multi-user-target", re.compile(f"{_TARGET}Multi-User System"), "Multi-User", optional=True),
)


def foreign_ladder(target: Target, *, boots_kernel: bool, ready: re.Pattern[str] | None) -> tuple[Rung, ...]:
    """The milestones of somebody else's image: nothing is known of its init, so `ready` decides (default: a login).

    `boots_kernel` tells that the kernel was handed over directly; a disk or an ISO may show no kernel on its console.
    """
    rungs: list[Rung] = [*_firmware(target)]
    if boots_kernel:
        rungs += [_banner(target), *_kernel_on_uefi(target)]
    else:
        rungs += [replace(_KERNEL, optional=True)]
    rungs += _SYSTEM
    rungs.append(ConsoleRung(READY, ready or LOGIN, prompts=True))
    return tuple(rungs)
