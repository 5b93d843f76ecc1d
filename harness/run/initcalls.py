"""One boot more for a kernel that stopped before init: with `initcall_debug`, to be told which initcall never returned.

It judges nothing. Its console is kept beside the cell's, and what it shows is evidence for the boot that hung.
"""

from __future__ import annotations

from dataclasses import replace

from harness.diagnosis.why import RULE_BROKEN, cause_of
from harness.run.attempt import Attempt
from harness.run.work import Prepared
from harness.words import Outcome

PURPOSE = "initcall-debug"
# Its lines are of the lowest level, which no console shows unless it is told to.
WORDS = ("initcall_debug", "ignore_loglevel")
_HUNG = frozenset({Outcome.HANG, Outcome.NO_OUTPUT})


def stopped_before_init(attempt: Attempt, prepared: Prepared) -> bool:
    """Whether a kernel was started by us, spoke, and stopped for no reason that is known before it ran a program."""
    case = attempt.case
    known = attempt.diagnosis is not None and attempt.diagnosis.id != RULE_BROKEN
    if case is None or case.outcome not in _HUNG or known:
        return False
    if prepared.media.kernel is None or prepared.preamble:  # its words are not ours to give, or were typed to a loader
        return False
    spoke = case.said(r"Linux version \d|^Booting Linux on physical CPU")
    return bool(spoke) and not case.said(r" as init process|^Freeing unused kernel")


def with_initcall_debug(prepared: Prepared) -> Prepared:
    """The same boot with more words for the kernel; what stands behind `--` is init's."""
    words = prepared.media.cmdline
    cut = words.index("--") if "--" in words else len(words)
    return replace(prepared, media=replace(prepared.media, cmdline=(*words[:cut], *WORDS, *words[cut:])))


def explained(attempt: Attempt, probe: Attempt) -> Attempt:
    """The attempt with the cause that the probe shows, if it shows one."""
    if attempt.case is None or probe.case is None:
        return attempt
    case = replace(attempt.case, initcalls=probe.case.lines)
    return replace(attempt, case=case, diagnosis=cause_of(case))
