"""Nothing was seen of a kernel that ran: its console is another one, or none, or was taken away.

That it ran is proven by what was read out of the machine after the verdict: the kernel's log in guest memory, or a CPU
that is inside a kernel. The log also has the command line as the kernel got it.
"""

from __future__ import annotations

import re

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.words import Arch, Outcome

_SILENT = (Outcome.NO_OUTPUT, Outcome.HANG, Outcome.INCOMPLETE)
_WITHOUT_DEVICES = (
    Outcome.KERNEL_PANIC,
    Outcome.OOPS,
    Outcome.LOCKUP,
    Outcome.RCU_STALL,
    Outcome.NO_ROOTFS,
    Outcome.SERVICE_FAILED,
    Outcome.RESET_LOOP,
)
# So many lines at the end of the log that the console did not show are no accident: at its default level it shows
# nearly all.
_KEPT_BACK = 3
_OF_INIT = re.compile(r"with (?:arguments|environment):$|\S{1,80}$")
_KERNEL_HALF = 1 << 63
_ENABLED = r"console \[(?P<name>[a-zA-Z]+\d*)\] enabled"
_PORT = r": (?P<name>tty[A-Z]\w{0,6}\d+) at (?:MMIO|I/O) 0x"


@explains(Weight.DEDUCED, *_SILENT, *_WITHOUT_DEVICES)
def tree_of_another_board(case: Case) -> Cause | None:
    """Preflight compared the tree's board with the machine; nothing else can be believed then."""
    found = next((one for one in case.findings if one.cause == "wrong-dtb"), None)
    if found is None:
        return None
    model = case.said(r"^(?:Machine model|OF: fdt: Machine model): [^\n]{1,120}")
    told = (model.string,) if model else ()
    return Cause("wrong-dtb", f"{found.what}: {found.why}", (found.what, *told, case.line), found.hint or "")


@explains(Weight.STATED, *_SILENT, Outcome.KERNEL_PANIC)
def tree_refused(case: Case) -> Cause | None:
    """The kernel could make nothing of what it was given as a device tree."""
    found = case.said(
        r"Error: (?:invalid|unrecognized/unsupported) (?:dtb|device tree|machine ID)|[Ii]nvalid device tree blob"
        r"|Invalid machine variant|[Nn]o valid device tree found|unrecognized/unsupported device tree compatible list"
        r"|The dtb must be 8-byte aligned"
    )
    if found is None:
        return None
    return Cause(
        "wrong-dtb",
        "the kernel makes nothing of the device tree that it was given",
        (found.string,),
        "hand over the device tree of this board, as its kernel's package has it",
    )


@explains(Weight.DEDUCED, *_SILENT)
def not_named(case: Case) -> Cause | None:
    """The kernel ran, and its command line sends it elsewhere, or nowhere."""
    proof = _proof(case)
    if proof is None or case.target is None:
        return None
    words, told = _command_line(case)
    consoles = [word.partition("=")[2].partition(",")[0] for word in words if word.startswith("console=")]
    device = case.target.console.device
    if device in consoles:
        return None
    evidence = (told, *proof)
    if not consoles:
        return Cause(
            "console-missing",
            f"the kernel runs, and its command line has no console=, so that {device} shows nothing",
            evidence,
            f"add console={device} to the command line",
        )
    return Cause(
        "console-wrong",
        f"the kernel runs, and console={', console='.join(consoles)} is not the machine's console, which is {device}",
        evidence,
        f"use console={device}",
    )


@explains(Weight.DEDUCED, *_SILENT)
def not_there(case: Case) -> Cause | None:
    """It is named as it was to be, and the kernel's log says of no such console that it was enabled."""
    proof = _proof(case)
    if not case.memory or proof is None or case.target is None:
        return None
    device = case.target.console.device
    if device in {found["name"] for found in case.all_said(_ENABLED)}:
        return None
    ports = [found for found in case.all_said(_PORT) if found["name"] != device]
    lacking = next((one for one in case.findings if one.cause == "console-missing"), None)
    if lacking is None and ports:
        names = ", ".join(dict.fromkeys(port["name"] for port in ports))
        return Cause(
            "console-wrong",
            f"the kernel runs, and has no port {device}; it has {names}",
            (*(port.string for port in ports[:2]), *proof),
            f"use console={ports[0]['name']} (console.device in target.yml), if that is the port that is watched",
        )
    what = lacking.what if lacking else "its log says of no such console that it was enabled"
    return Cause(
        "console-missing",
        f"the kernel runs, and has no driver for its console {device}: {what}",
        (what, *proof),
        f"set {lacking.symbol}=y" if lacking else f"build the driver of {device} into the kernel (=y)",
    )


@explains(Weight.NAMED, *_SILENT)
def lost(case: Case) -> Cause | None:
    """It was there, and from some line on it was not."""
    proof = _proof(case)
    if proof is None or not case.memory:
        return None
    quiet = case.last_word("loglevel") or ("quiet" if case.facts and "quiet" in case.facts.words else "")
    if quiet:
        return Cause(
            "console-quiet",
            f"the kernel runs, and its command line keeps it from showing it ({quiet})",
            proof,
            "leave quiet and loglevel= out",
        )
    return Cause(
        "console-lost",
        "the kernel runs on, and the console shows none of it any more",
        (*(case.console[-1:]), *proof),
        "see what took the console: a driver that was unloaded or reset, a low console log level, the line itself",
    )


def _proof(case: Case) -> tuple[str, ...] | None:
    """What shows that a kernel runs which the console does not show; None where nothing does."""
    if case.memory and (case.is_silent or len(_kept_back(case)) >= _KEPT_BACK):
        return (
            f"in guest memory the kernel's log has {len(case.memory)} lines",
            *_decisive(case),
            f"its last: {case.memory[-1]}",
        )
    if not case.is_silent:
        return None
    live = next((cpu for cpu in case.cpus if cpu.symbol or _in_kernel(cpu.pc, case)), None)
    return (f"a CPU is in kernel code: {live}",) if live else None


def _kept_back(case: Case) -> list[str]:
    """The end of the log that the console did not show; without what the kernel says of init at its lowest level."""
    heard = set(case.console)
    last = max((place for place, line in enumerate(case.memory) if line in heard), default=-1)
    return [line for line in case.memory[last + 1 :] if not _OF_INIT.match(line)]


def _decisive(case: Case) -> tuple[str, ...]:
    """The line of that log which decides its boot, where it has one: what would have been seen on the console."""
    found = case.diagnosis.boots[case.diagnosis.decided].finding if case.diagnosis and case.diagnosis.boots else None
    return (f"it decides: {found.text}",) if found and case.is_silent else ()


def _in_kernel(pc: int | None, case: Case) -> bool:
    """Kernels of 64-bit x86, arm64 and riscv64 live in the upper half of the addresses, and nothing else does."""
    arch = case.target.arch if case.target else None
    return pc is not None and arch in (Arch.X86_64, Arch.ARM64, Arch.RISCV64) and pc >= _KERNEL_HALF


def _command_line(case: Case) -> tuple[list[str], str]:
    """As the kernel printed it, else as it was handed over."""
    if found := case.said(r"^(?:Kernel command line|Command line): (?P<words>[^\n]*)"):
        return found["words"].split(), found.string
    words = list(case.facts.cmdline) if case.facts else []
    return words, f"command line: {' '.join(words)}"
