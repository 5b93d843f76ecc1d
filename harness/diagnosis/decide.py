"""From what was gathered to what is said: the outcome of each boot, and of the log. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.diagnosis.boots import BootRecord
from harness.diagnosis.diagnosis import Boot, Diagnosis, Finding, Milestone, Severity
from harness.diagnosis.milestones import PROMPT, is_at_least
from harness.diagnosis.rule import Rule
from harness.words import Outcome

_STALLS = frozenset({Outcome.LOCKUP, Outcome.HUNG_TASK, Outcome.RCU_STALL, Outcome.OOM})
_CLOSE = 3
"""Lines between one thing that was tried in vain and the next."""
_MANY_BOOTS = 3
"""So many starts without an end are no accident."""


def boot_of(record: BootRecord, rules: Mapping[str, Rule]) -> Boot:
    """One boot's outcome. `rules` by name: which milestone or line takes which finding back."""
    end = _where_attempts_end(record)
    standing = [found for found in record.findings if _stands(found, record, rules, end)]
    finding = _decisive(standing)
    warnings = tuple(record.warnings.values())
    taken_back = tuple(found for found in record.findings if found not in standing)
    common = {
        "first_line": record.first_line,
        "last_line": record.last_line,
        "findings": tuple(standing),
        "milestones": tuple(record.milestones),
        "warnings": warnings + taken_back,
        "last_text": record.last_text,
    }
    if finding and finding.outcome:
        return Boot(outcome=finding.outcome, title=finding.title, line=finding.line, finding=finding, **common)  # type: ignore[arg-type]
    outcome, title, line = _without_failure(record, rules)
    return Boot(outcome=outcome, title=title, line=line, **common)  # type: ignore[arg-type]


def _where_attempts_end(record: BootRecord) -> int:
    """The first line of what a boot loader tried in vain at the end of its log; all of it, where it shows a prompt."""
    if PROMPT.match(record.last_text):
        return 0
    lines = sorted((each.line for each in record.findings if each.severity is Severity.ATTEMPT), reverse=True)
    end = record.last_line
    for nth, line in enumerate(lines):
        if end - line > (_CLOSE if nth else 0):
            break
        end = line
    return end


def _stands(found: Finding, record: BootRecord, rules: Mapping[str, Rule], end: int) -> bool:
    if found.severity is Severity.ATTEMPT and found.line < end:
        return False
    until = rules[found.rule].until
    later = [step for step in record.milestones if step.line > found.line]
    return not (until and any(is_at_least(step.name, until) for step in later))


def _decisive(standing: Sequence[Finding]) -> Finding | None:
    if not standing:
        return None
    worst = min(standing, key=lambda found: (found.severity, found.line))
    if worst.outcome in _STALLS:
        # The panic that ends a stall repeats what the first report said, and that one has the trace.
        return min((found for found in standing if found.outcome is worst.outcome), key=lambda found: found.line)
    return worst


def _without_failure(record: BootRecord, rules: Mapping[str, Rule]) -> tuple[Outcome, str, int | None]:
    def last(*names: str) -> Milestone | None:
        return next((step for step in reversed(record.milestones) if step.name in names), None)

    up = next((step for step in record.milestones if step.name in {"ready", "login"}), None)
    if up:
        return Outcome.READY, f"up: {up.name}", up.line
    off = last("poweroff", "restart")
    if off:
        return Outcome.POWERED_OFF, "switched off before it was up", off.line
    shell = last("shell")
    if shell:
        return Outcome.READY, "up: shell", shell.line
    if record.last_text in {"#", "$"}:
        return Outcome.READY, "up: shell", record.last_line
    if not record.last_text:
        return Outcome.NO_OUTPUT, "no output", None
    for found in record.warnings.values():
        if found.outcome and not any(each.rule == rules[found.rule].unless for each in record.warnings.values()):
            return found.outcome, found.title, found.line
    far = record.milestones[-1].name if record.milestones else ""
    return (
        Outcome.INCOMPLETE,
        f"the log ends after {far}" if far else "the log ends with nothing decisive",
        record.last_line,
    )


def decide(boots: Sequence[Boot], captures: Sequence[bool], note: str = "") -> Diagnosis:
    """The log's diagnosis: the last boot decides, but for one that had hardly begun behind a failure."""
    index = _deciding(boots, captures)
    boot = boots[index]
    outcome, title, line = boot.outcome, boot.title, boot.line
    calm = boot.outcome is Outcome.INCOMPLETE or (boot.outcome is Outcome.POWERED_OFF and _restarts(boot))
    starts = [each for each in boots if each.outcome is Outcome.INCOMPLETE or _restarts(each)]
    if calm and len(starts) >= _MANY_BOOTS and not any(_is_up(each) for each in boots):
        outcome, title, line = Outcome.RESET_LOOP, f"started {len(boots)} times and never came up", boot.first_line
    evidence = [found.text for found in boot.findings if found is boot.finding or found.severity <= Severity.OOM][:8]
    if not evidence and boot.last_text:
        evidence = [boot.last_text]
    return Diagnosis(
        outcome=outcome,
        title=title,
        cause=_cause(outcome, title, boot, boots, index),
        line=line,
        evidence=tuple(evidence),
        milestones=boot.milestones,
        warnings=boot.warnings,
        trace=boot.finding.trace if boot.finding else None,
        boots=tuple(boots),
        decided=index,
        note=note,
    )


def _is_up(boot: Boot) -> bool:
    return any(step.name in {"login", "ready"} for step in boot.milestones)


def _restarts(boot: Boot) -> bool:
    return boot.outcome is Outcome.POWERED_OFF and any(step.name == "restart" for step in boot.milestones)


def _deciding(boots: Sequence[Boot], captures: Sequence[bool]) -> int:
    index = len(boots) - 1
    while index and (captures[index] or (boots[index].outcome in {Outcome.INCOMPLETE, Outcome.NO_OUTPUT})):
        before = boots[index - 1]
        if before.finding is None and not captures[index]:
            break
        index -= 1
    return index


def _cause(outcome: Outcome, title: str, boot: Boot, boots: Sequence[Boot], index: int) -> str:
    words = [title]
    if boot.finding and boot.finding.severity is Severity.PANIC:
        # Many a panic says only that there was a fault before, and the fault has the name.
        words += [f"after {found.title}" for found in boot.findings if found.severity is Severity.OOPS][:1]
    if boot.finding and boot.finding.trace and (comm := boot.finding.trace.facts.get("comm")):
        words.append(f"in {comm}")
    if boot.milestones and outcome is not Outcome.READY:
        words.append(f"last milestone {boot.milestones[-1].name}")
    if len(boots) > 1:
        words.append(f"boot {index + 1} of {len(boots)}")
    return "; ".join(words)
