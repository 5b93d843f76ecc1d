"""The first program: not there, not executable, for another machine, without its interpreter, or dead.

The kernel's words are those of init/main.c (`run_init_process` with an errno) and kernel/exit.c; the facts of the file
come out of the initrd, which was read before the boot.
"""

from __future__ import annotations

import re
import signal

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.image.contents import Program
from harness.preflight.checks.program import COMPATIBLE, DEPTH, FALLBACKS, formats
from harness.preflight.need import unmet
from harness.words import Outcome

_ENDS = (
    Outcome.INIT_DIED,
    Outcome.KERNEL_PANIC,
    Outcome.NO_ROOTFS,
    Outcome.HANG,
    Outcome.NO_OUTPUT,
    Outcome.RESET_LOOP,
    Outcome.EMERGENCY_SHELL,
)
_EXEC = (
    r"Failed to execute (?P<a>/\S{1,200}) \(error -(?P<a_no>\d{1,3})\)"
    r"|Starting init: (?P<b>/\S{1,200}) exists but couldn't execute it \(error -(?P<b_no>\d{1,3})\)"
    r"|Requested init (?P<c>/\S{1,200}) failed \(error -(?P<c_no>\d{1,3})\)"
)
_ABSENT = r"check access for rdinit=(?P<path>/\S{1,200}) failed: -(?P<no>\d{1,3}), ignoring"
_KILLED = r"Attempted to kill init! exitcode=0x(?P<code>[0-9a-f]{1,8})"
_LOADER = r"error while loading shared libraries: (?P<library>[^\s:]{1,120}): [^\n]{1,200}"
ENOENT, E2BIG, ENOEXEC, EACCES, ELIBBAD = 2, 7, 8, 13, 80


@explains(Weight.STATED, *_ENDS)
def not_executable(case: Case) -> Cause | None:
    """EACCES: no x bit, or a file system mounted noexec."""
    tried = _tried(case, EACCES)
    if tried is None:
        return None
    path, line = tried
    return Cause(
        "init-not-executable",
        f"the kernel may not execute {path}: it has no permission to run (mode without x)",
        (line,),
        f"chmod 755 {path} where the image is made, and make the image again",
    )


@explains(Weight.STATED, *_ENDS)
def no_program(case: Case) -> Cause | None:
    """ENOEXEC of what is neither an ELF program nor a script: an empty file, a text, a page of HTML."""
    tried = _tried(case, ENOEXEC)
    program = _program(case, tried[0]) if tried else None
    if tried is None or program is None or program.kind in ("elf", "script"):
        return None
    path, line = tried
    text = f"{path} is no program: neither an ELF file nor a script that names its interpreter"
    return Cause("init-not-executable", text, (line, text), f"put a program at {path}, and see how this file was made")


@explains(Weight.STATED, *_ENDS)
def wrong_arch(case: Case) -> Cause | None:
    """An ELF of another machine: ENOEXEC, or ELIBBAD where only its loader is of another."""
    tried = _tried(case, ENOEXEC, ELIBBAD)
    if tried is None or case.facts is None:
        return None
    path, line = tried
    program = _program(case, path)
    name, last = _end_of_scripts(case, path, program)
    target = case.facts.target.arch
    if last is None or last.kind != "elf" or not last.arch or last.arch == target:
        return None
    symbol = COMPATIBLE.get((target, last.arch))
    if symbol and case.facts.config is not None and unmet(symbol, case.facts, early=True) is None:
        return None
    what = f"{name} is a program for {last.arch}, and the kernel is for {target}"
    hint = f" (or set CONFIG_{symbol.split(' ', 1)[0]}=y)" if symbol else ""
    return Cause("init-wrong-arch", what, (line, what), f"make the image for {target}{hint}")


@explains(Weight.STATED, *_ENDS)
def no_loader_for_it(case: Case) -> Cause | None:
    """ENOEXEC of a program that is right: the kernel was built without its format."""
    tried = _tried(case, ENOEXEC)
    if tried is None or case.facts is None or case.facts.config is None:
        return None
    path, line = tried
    program = _program(case, path)
    for _ in range(DEPTH):
        if program is None:
            return None
        for symbol, noun, cause in formats(program, case.facts.target.arch):
            if missing := unmet(symbol, case.facts, early=True):
                text = f"the kernel cannot run {path}, which is {noun}: {missing.what}"
                return Cause(cause, text, (line, missing.what), f"set {missing.symbol}=y")
        path, program = program.interpreter, _program(case, program.interpreter)
    return None


@explains(Weight.STATED, *_ENDS)
def interpreter_missing(case: Case) -> Cause | None:
    """ENOENT of a file that is there: what runs it is not. Or a library that its loader did not find."""
    found = case.said(_LOADER)
    if found and (case.said(_KILLED) or case.outcome is Outcome.INIT_DIED):
        library = found["library"]
        text = f"init's program lacks the library {library}"
        return Cause("init-interpreter-missing", text, (found.string,), f"put {library} into the image")
    tried = _tried(case, ENOENT)
    if tried is None:
        return None
    path, line = tried
    program = _program(case, path)
    for _ in range(DEPTH):
        if program is None or not program.interpreter:
            return None
        if _program(case, program.interpreter) is None:
            kind = "loader" if program.kind == "elf" else "interpreter"
            text = f"{path} is there, and its {kind} {program.interpreter} is not in the image"
            hint = f"put {program.interpreter} into the image, or link {path} statically"
            return Cause("init-interpreter-missing", text, (line, text), hint)
        path, program = program.interpreter, _program(case, program.interpreter)
    return None


@explains(Weight.STATED, *_ENDS)
def absent(case: Case) -> Cause | None:
    """ENOENT, or the kernel found no program to start at all."""
    tried = _tried(case, ENOENT)
    if tried is None and case.last_word("root") is None and (found := case.said(_ABSENT)):
        tried = found["path"], found.string
    if tried is None and (found := case.said(r"No (?:working )?init found")) and not case.said(_EXEC):
        tried = case.last_word("init") or "/sbin/init", found.string
    if tried is None and _initrd_has_none(case):
        panic = case.said(r"Unable to mount root fs|Cannot open root device")
        tried = (case.last_word("rdinit") or "/init", panic.string) if panic else None
    if tried is None:
        return None
    path, line = tried
    if case.facts and case.facts.complaints.get("initrd"):
        return None
    near = _near(case)
    return Cause(
        "init-missing",
        f"there is no program {path} for the kernel to start" + (f"; the image has {', '.join(near)}" if near else ""),
        (line, *(f"{name} is in the image" for name in near)),
        f"put a program at {path}, or name another with "
        + ("rdinit=" if case.facts and case.facts.has_initrd else "init="),
    )


@explains(Weight.NAMED, *_ENDS)
def died(case: Case) -> Cause | None:
    """It was started, and it ended: by itself or by a signal."""
    panic = case.said(_KILLED)
    if panic is None:
        return None
    code = int(panic["code"], 16)
    words = _last_words(case, panic.string)
    if number := code & 0x7F:
        name = _signal_name(number)
        fault = case.said(r"\[1\]: (?:unhandled|segfault|trap)|(?:init|systemd)\[1\][:\s][^\n]{0,80}(?:fault|trap)")
        why = ": an instruction that this processor does not have" if name == "SIGILL" else ""
        return Cause(
            "init-killed",
            f"init was killed by {name}{why}",
            tuple(line for line in (panic.string, fault.string if fault else "", *words) if line),
            "boot a CPU model that the image was built for" if why else "run the program by hand with rdinit=/bin/sh",
        )
    status = code >> 8 & 0xFF
    told = {126: " (not executable)", 127: " (command not found)"}.get(status, "")
    said = f"; its last words were {words[-1]!r}" if words else ""
    return Cause(
        "init-exited",
        f"init ended with status {status}{told}, which it must never do{said}",
        (panic.string, *words),
        "see why by starting a shell in its place (rdinit=/bin/sh), or let it end in exec",
    )


def _tried(case: Case, *errors: int) -> tuple[str, str] | None:
    """The first program that failed with one of these errors, and the line. The first is the one that was asked for."""
    for found in case.all_said(_EXEC):
        path = found["a"] or found["b"] or found["c"]
        if int(found["a_no"] or found["b_no"] or found["c_no"]) in errors:
            return path, found.string
    return None


def _program(case: Case, path: str) -> Program | None:
    return case.facts.initrd.program(path) if case.facts and case.facts.initrd and path else None


def _end_of_scripts(case: Case, path: str, program: Program | None) -> tuple[str, Program | None]:
    """The program that a script's interpreters come down to."""
    for _ in range(DEPTH):
        if program is None or program.kind != "script" or not program.interpreter:
            break
        path, program = program.interpreter, _program(case, program.interpreter)
    return path, program


def _initrd_has_none(case: Case) -> bool:
    """Kernels before 5.4 do not say that they looked for it in vain."""
    facts = case.facts
    if facts is None or facts.initrd is None or not facts.initrd.complete or "root" in facts.words:
        return False
    if case.said(r"Initramfs unpacking failed|rootfs image is not initramfs"):
        return False
    return facts.initrd.program(facts.last("rdinit") or "/init") is None


def _near(case: Case) -> list[str]:
    """Programs of the image that could be meant."""
    facts = case.facts
    if facts is None or facts.initrd is None:
        return []
    return [path for path in ("/init", *FALLBACKS) if facts.initrd.program(path)][:3]


def _last_words(case: Case, panic: str) -> tuple[str, ...]:
    """What stood on the console just before: mostly the program's own, for the kernel is quiet by then."""
    before = case.lines[: case.lines.index(panic)]
    started = next((at for at in range(len(before) - 1, -1, -1) if " as init process" in before[at]), None)
    if started is None:
        return ()
    own = [line for line in before[started + 1 :] if line and not re.match(r"with (?:arguments|environment):|  ", line)]
    return tuple(line for line in own if not re.match(r"^(?:/\S+|HOME=/|TERM=\S+)$", line))[-3:]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
