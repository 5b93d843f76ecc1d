"""The first program must be there, and the kernel must be able to run it: ELF, scripts, word size, architecture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harness.image.contents import Contents, Program
from harness.preflight.facts import Facts
from harness.preflight.finding import Finding, Level
from harness.preflight.need import Unmet, unmet
from harness.words import Arch, Outcome

ALWAYS = True  # architectures can be compared without a configuration

_WRONG_ARCH = "init-wrong-arch"
DEPTH = 5  # of interpreters of interpreters (fs/exec.c)
# What the kernel tries when init cannot be run (init/main.c).
FALLBACKS = ("/sbin/init", "/etc/init", "/bin/init", "/bin/sh")
# Programs that a kernel of another architecture runs too, and the symbol for it.
COMPATIBLE = {
    (Arch.X86_64, "i386"): "IA32_EMULATION",
    (Arch.X86_64, "x32"): "X86_X32_ABI | X86_X32",
    (Arch.ARM64, "armhf"): "COMPAT",
    (Arch.ARM64, "armel"): "COMPAT",
    (Arch.ARMHF, "armel"): "",
    (Arch.PPC64LE, "ppc"): "COMPAT",
}


def check(facts: Facts) -> Iterator[Finding]:
    contents = facts.initrd
    if contents is None or not contents.complete:
        return
    path = facts.last("rdinit") or "/init"
    program = contents.program(path)
    if program is None:
        if contents.packed and "root" not in facts.words:
            yield Finding(
                Level.WARNING,
                f"the initrd has no program {path}",
                "the kernel would look for a root file system instead",
                predicts=Outcome.NO_ROOTFS,
                cause="init-missing",
            )
        return
    problem = _problem(path, program, contents, facts)
    if problem is None:
        return
    # A program that cannot be run is passed over, and the kernel takes the next one it knows of.
    next_ones = [
        one for one in FALLBACKS if (found := contents.program(one)) and not _problem(one, found, contents, facts)
    ]
    # Somebody else's image may be content with the shell that comes up then.
    certain = problem.certain and (facts.ours or not next_ones)
    outcome = Outcome.HANG if next_ones else Outcome.INIT_DIED
    yield Finding(
        Level.ERROR if certain else Level.WARNING,
        problem.what,
        problem.why,
        problem.symbol,
        predicts=outcome if certain else None,
        cause=problem.cause,
    )


class _Problem(NamedTuple):
    """Why a program cannot be run, whether that is certain, and what it is called as a cause."""

    what: str
    why: str
    symbol: str | None
    certain: bool
    cause: str


def _problem(path: str, program: Program, contents: Contents, facts: Facts) -> _Problem | None:
    for _ in range(DEPTH):
        if program.kind == "other":
            return None  # perhaps something that binfmt_misc knows
        for symbol, noun, cause in formats(program, facts.target.arch):
            if missing := _without(symbol, facts):
                return _lacking(missing, f"{path} is {noun}", cause)
        if program.kind == "elf" and (other := _foreign(path, program.arch, facts)):
            return other
        if not program.interpreter:
            return None
        found = contents.program(program.interpreter)
        if found is None:
            what = f"the initrd has no {program.interpreter}"
            return _Problem(what, f"{path} is run by it", None, False, "init-interpreter-missing")
        if program.kind == "elf":
            return None  # its loader is of the same kind, and starts it itself
        path, program = program.interpreter, found
    return None


def formats(program: Program, arch: Arch) -> Iterator[tuple[str, str, str]]:
    """The symbols that a kernel of `arch` runs such a program by, each with what the program is, and the cause's id."""
    if program.kind == "script":
        yield "BINFMT_SCRIPT", "a script", "script-support-missing"
    if program.kind == "elf":
        yield "BINFMT_ELF", "an ELF program", "elf-support-missing"
    if program.thumb and arch in (Arch.ARMHF, Arch.ARMEL):  # a 64-bit kernel runs Thumb code always
        yield "ARM_THUMB", "a program in Thumb code", "elf-support-missing"


def _without(symbol: str, facts: Facts) -> Unmet | None:
    return None if facts.config is None else unmet(symbol, facts, early=True)


def _lacking(missing: Unmet, why: str, cause: str) -> _Problem:
    return _Problem(missing.what, why, missing.symbol, missing.certain, cause)


def _foreign(path: str, arch: str, facts: Facts) -> _Problem | None:
    """A program of another architecture than the kernel's."""
    target = facts.target.arch
    if arch == target or not arch:
        return None
    symbol = COMPATIBLE.get((target, arch))
    what = f"{path} is a program for {arch}"
    if symbol is None:
        return _Problem(what, f"the kernel is for {target}", None, True, _WRONG_ARCH)
    if symbol and facts.config is not None and (missing := unmet(symbol, facts, early=True)):
        return _lacking(missing, what, _WRONG_ARCH)
    return None
