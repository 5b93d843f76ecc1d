"""One start of a canary under a deadline: what happened, in a form that a sentence can be made from."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from harness.leash import leash
from harness.machine.accel.canary import DONE, STAGES, Canary, canary_argv
from harness.machine.child import waited_for_processor

_KEEP = 65536  # bytes of output kept; more is read and dropped, so that QEMU never blocks on a full pipe
_KVM_ERROR = re.compile(rb"KVM internal error\. Suberror: (\d+)")
_SUBERRORS = {
    "1": "KVM could not emulate an instruction",
    "2": "KVM lost an exception",
    "3": "KVM could not deliver an event",
}
# Conditions of the moment: a verdict that rests on one of these is not worth remembering.
_TRANSIENT = (
    "resource busy",
    "cannot allocate memory",
    "temporarily unavailable",
    "too many open files",
    "no space left",
)


class Result(StrEnum):
    """How a canary ended."""

    PASSED = "passed"
    HUNG = "hung"
    FAILED = "failed"
    KILLED = "killed"
    INTERNAL_ERROR = "internal-error"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One canary start.

    `seconds` is wall time; `stage` the last letter the guest printed; `detail` a printable clause for a sentence;
    `conclusive` is false where the host's condition of the moment may be to blame (too busy, out of memory).
    """

    cpu: str
    result: Result
    seconds: float
    stage: str
    detail: str
    conclusive: bool

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "result": self.result.value}


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What one start left: output, exit status (None: it did not end by itself), seconds in all and without a CPU."""

    out: bytes
    err: bytes
    status: int | None
    seconds: float
    starved: float


def printable(raw: bytes | str, limit: int = 200) -> str:
    """One bounded line of printable ASCII: QEMU's words end up on a terminal."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    text = " ".join("".join(c if " " <= c <= "~" else " " for c in text).split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


@cache
def _first_words(stderr: bytes, qemu: Path, *, ended: bool) -> str:
    """The line of QEMU's stderr that says why: the first that is no warning; of a QEMU that ended, any at all."""
    lines = [printable(line) for line in stderr.splitlines()]
    lines = [line.removeprefix(f"{qemu}: ").removeprefix(f"{qemu.name}: ") for line in lines if line]
    telling = [line for line in lines if not line.startswith("warning:")] or (lines if ended else [])
    return telling[0] if telling else ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the child's own group, and its status collected. A child the kernel cannot end is given up on."""
    if process.returncode is None:  # collected already: the number may belong to somebody else by now
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _listen(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, bytes, bool]:
    """Read both pipes until the process ends, KVM gives up, or it is `until`: (stdout, stderr, ended by itself)."""
    kept = {"out": bytearray(), "err": bytearray()}
    with selectors.DefaultSelector() as selector:
        for pipe, name in ((process.stdout, "out"), (process.stderr, "err")):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, name)
        while selector.get_map():
            left = until - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                return bytes(kept["out"]), bytes(kept["err"]), False
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fileobj)
                buffer = kept[key.data]
                buffer += chunk[: _KEEP - len(buffer)]
            # QEMU only pauses the guest on this one and would sit there for ever.
            if _KVM_ERROR.search(kept["err"]):
                return bytes(kept["out"]), bytes(kept["err"]), False
    try:
        process.wait(timeout=max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return bytes(kept["out"]), bytes(kept["err"]), False
    return bytes(kept["out"]), bytes(kept["err"]), True


def attempt(qemu: Path, guest: Canary, cpu: str, *, accel: str = "kvm", deadline: float) -> Attempt:
    """Start a canary and wait for its end, at most `deadline` seconds. Leaves no process and no file behind.

    Never raises for what QEMU does; a QEMU that cannot be started is a failed attempt whose detail says so.
    """
    started = time.monotonic()
    rom = os.memfd_create("canary")
    try:
        os.write(rom, guest.rom)
        argv = [*leash(), *canary_argv(qemu, guest, f"/proc/self/fd/{rom}", accel, cpu)]
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(rom,),
                start_new_session=True,
            )
        except OSError as error:
            detail = f"QEMU could not be started: {error.strerror}"
            return Attempt(cpu, Result.FAILED, 0.0, "", printable(detail), conclusive=False)
    finally:
        os.close(rom)
    try:
        out, err, ended = _listen(process, started + deadline)
        starved = 0.0 if ended else waited_for_processor(process.pid)
    finally:
        _stop(process)
    status = process.returncode if ended else None
    return _judge(qemu, guest, cpu, _Evidence(out, err, status, time.monotonic() - started, starved))


def _judge(qemu: Path, guest: Canary, cpu: str, seen: _Evidence) -> Attempt:
    """What the evidence means."""
    err, status, seconds = seen.err, seen.status, seen.seconds
    marks = seen.out.decode("ascii", "replace")
    stage = marks[-1:] if marks[-1:] in STAGES else ""
    place = STAGES[stage]
    words = _first_words(err, qemu, ended=status is not None)
    said = f": {words}" if words else ""
    conclusive = True
    if found := _KVM_ERROR.search(err):
        result = Result.INTERNAL_ERROR
        number = found[1].decode()
        detail = f"stopped {place}: {_SUBERRORS.get(number, 'KVM gave up')} (KVM internal error, suberror {number[:4]})"
    elif status is None:
        result = Result.HUNG
        detail = f"hung for {seconds:.1f} s {place}{said}"
        # A guest that never ran, or a QEMU that waited for a CPU most of the time, says little about KVM.
        conclusive = stage != "" and seen.starved < seconds / 2
        if not conclusive:
            detail += " (the host may have been too busy: it will be asked again)"
    elif status < 0:
        result = Result.KILLED
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        detail = f"ended QEMU by {name}{said}"
        conclusive = name != "SIGKILL"  # the memory killer or an administrator, not KVM
    elif status == guest.status and stage == DONE:
        result = Result.PASSED
        detail = f"ran to its end in {seconds:.2f} s"
    elif words or status != 0:
        result = Result.FAILED
        detail = f"ended QEMU with status {status}{said}"
        conclusive = not any(text in err.decode("utf-8", "replace").lower() for text in _TRANSIENT)
    else:
        result = Result.FAILED
        detail = f"reset itself {place}"
    return Attempt(cpu, result, round(seconds, 3), stage, detail, conclusive)
