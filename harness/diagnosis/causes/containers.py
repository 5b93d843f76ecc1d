"""Containers: what they ask of the kernel and it has not, and programs in them for another architecture.

The words are runc's, containerd's, dockerd's and mount's.
"""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.diagnosis.steps import failed_steps, first_failed, is_of_containers
from harness.preflight.need import Unmet, unmet
from harness.words import Outcome

_ENDS = (Outcome.SERVICE_FAILED, Outcome.READY, Outcome.HANG, Outcome.INCOMPLETE, Outcome.POWERED_OFF)
_WRONG_ARCH = (
    r"(?i:exec format error)|cannot execute binary file|wrong ELF class: "
    r"|image platform \([^\n)]{1,80}\) does not match"
)
# Where PID 1 ends of it, the panic's line may cut this one off.
_READ_AS_SCRIPT = r"^(?P<path>/[^\s:]{1,200}):(?: line \d{1,4}: | ?$)"
# A feature of preflight's knowledge, and what is said where it is missing.
_FEATURES = (
    (
        "overlayfs",
        r"unknown filesystem type '?overlay|failed to mount overlay|mounting overlay on [^\n]{1,120} failed"
        r"|overlay[^\n]{0,60}(?:not supported|[Nn]o such device)",
    ),
    (
        "cgroups",
        r"(?i:cgroups?)[^\n]{0,80}(?:not mounted|mountpoint does not exist|mountpoint for [\w ]{1,20}not found|no such"
        r"|not supported|not found|not available)|mounting cgroup2? on [^\n]{1,80} failed",
    ),
    (
        "namespaces",
        r"(?:clone|unshare|namespace)[^\n]{0,80}(?:[Ii]nvalid argument|not supported|[Nn]o such file)"
        r"|/proc/self/ns/\w{2,10}[^\n]{0,20}: [Nn]o such file",
    ),
    ("seccomp", r"seccomp[^\n]{0,80}(?:not (?:supported|enabled|available)|[Ii]nvalid argument|config provided)"),
)


@explains(Weight.STATED, *_ENDS)
def component_of_another_arch(case: Case) -> Cause | None:
    """ENOEXEC behind init: the program of one component."""
    found = case.said(_WRONG_ARCH)
    if found is None:
        return None
    target = f" than {case.target.arch}" if case.target else ""
    return Cause(
        "component-wrong-arch",
        f"a program of the image is for another architecture{target}",
        (found.string, *first_failed(case)),
        "build that component for the target's architecture, and pin its platform where it is pulled",
    )


@explains(Weight.STATED, *_ENDS, Outcome.INIT_DIED)
def read_as_a_script(case: Case) -> Cause | None:
    """busybox' shell takes what the kernel refuses to run for a script, and stumbles over its first line."""
    found = case.said(_READ_AS_SCRIPT)
    initrd = case.facts.initrd if case.facts else None
    program = initrd.program(found["path"]) if found and initrd else None
    if found is None or case.target is None or program is None or program.kind != "elf":
        return None
    if program.arch == case.target.arch:
        return None
    text = f"{found['path']} is a program for {program.arch or 'another architecture'}, and the machine is"
    return Cause(
        "component-wrong-arch",
        f"{text} {case.target.arch}",
        (found.string,),
        "build that component for the target's architecture, and pin its platform where it is pulled",
    )


@explains(Weight.STATED, *_ENDS)
def not_supported(case: Case) -> Cause | None:
    """The symbol is named where the configuration is known."""
    for feature, pattern in _FEATURES:
        found = case.said(pattern)
        if found is None:
            continue
        known, lacking = _lacking(feature, case)
        word = _switched_off(feature, case)
        if word and lacking is None:
            return Cause(
                "container-support-missing",
                f"containers need {feature}, and the command line has {word}",
                (found.string, word, *first_failed(case)),
                f"take {word} out of the command line; firmware of some boards puts it there",
            )
        if known and lacking is None:
            continue  # the kernel has it: something else is wrong
        what = lacking.what if lacking else "the kernel does not offer it"
        return Cause(
            "container-support-missing",
            f"containers need {feature}: {what}",
            (found.string, *((lacking.what,) if lacking else ()), *first_failed(case)),
            f"set {lacking.symbol}=y" if lacking else f"use a kernel with {feature}",
        )
    return None


@explains(Weight.DEDUCED, Outcome.SERVICE_FAILED, Outcome.READY, Outcome.HANG)
def foreseen(case: Case) -> Cause | None:
    """A container failed and nothing was said of why, but preflight knew."""
    found = next((one for one in case.findings if one.cause == "container-support-missing"), None)
    failed = [step.line for step in failed_steps(case) if is_of_containers(step)]
    if found is None or not failed:
        return None
    return Cause(found.cause, f"{found.what}: {found.why}", (found.what, failed[0]), f"set {found.symbol}=y")


def _switched_off(feature: str, case: Case) -> str | None:
    """The word of the command line that takes from a kernel what it has."""
    entry = case.facts.knowledge.features.get(feature) if case.facts else None
    return next((word for word in entry.cmdline if word in case.facts.cmdline), None) if entry and case.facts else None


def _lacking(feature: str, case: Case) -> tuple[bool, Unmet | None]:
    """Whether the configuration tells, and what is missing in it."""
    facts = case.facts
    entry = facts.knowledge.features.get(feature) if facts else None
    if facts is None or entry is None or facts.config is None:
        return False, None
    return True, next((missing for need in entry.needs if (missing := unmet(need, facts))), None)
