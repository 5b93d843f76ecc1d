"""A diagnosis as JSON: one flat object, its texts cleaned, its lists bounded."""

from __future__ import annotations

from typing import Any

from harness.diagnosis.diagnosis import Boot, Diagnosis, Finding, Milestone, Trace
from harness.report.text import LINE, SENTENCE, clean


def as_json(file: str, diagnosis: Diagnosis) -> dict[str, Any]:
    """`{file, outcome, cause, line, evidence, milestones, warnings, title, trace, boots, note}`."""
    return {
        "file": file,
        "outcome": diagnosis.outcome.value,
        "cause": clean(diagnosis.cause, SENTENCE),
        "line": diagnosis.line,
        "evidence": [clean(text, LINE) for text in diagnosis.evidence],
        "milestones": [_milestone(step) for step in diagnosis.milestones],
        "warnings": [_finding(found) for found in diagnosis.warnings],
        "title": clean(diagnosis.title, LINE),
        "trace": _trace(diagnosis.trace) if diagnosis.trace else None,
        "boots": [_boot(boot) for boot in diagnosis.boots],
        "decided": diagnosis.decided,
        "note": diagnosis.note,
    }


def _milestone(step: Milestone) -> dict[str, Any]:
    return {"name": step.name, "line": step.line, "text": clean(step.text), "detail": clean(step.detail)}


def _finding(found: Finding) -> dict[str, Any]:
    return {"title": clean(found.title), "line": found.line, "count": found.count, "rule": found.rule}


def _boot(boot: Boot) -> dict[str, Any]:
    return {
        "lines": [boot.first_line, boot.last_line],
        "outcome": boot.outcome.value,
        "title": clean(boot.title),
        "line": boot.line,
    }


def _trace(trace: Trace) -> dict[str, Any]:
    return {
        "function": clean(trace.function),
        "frames": [
            {
                "function": clean(frame.function),
                "offset": frame.offset,
                "size": frame.size,
                "module": clean(frame.module),
                "reliable": frame.reliable,
            }
            for frame in trace.frames
        ],
        "registers": dict(trace.registers.values),
        "pc": clean(trace.registers.pc),
        "facts": {name: clean(value) for name, value in trace.facts.items()},
    }


_ROWS = 8
_WIDTH = 110


def as_text(file: str, diagnosis: Diagnosis) -> str:
    """A diagnosis for people: one screen. `file` is clean already."""
    where = f", line {diagnosis.line}" if diagnosis.line else ""
    rows = [f"{file}: {diagnosis.outcome.value}{where}", f"  {clean(diagnosis.cause, SENTENCE)}"]
    if diagnosis.note:
        rows.append(f"  note: {diagnosis.note}")
    rows += _block("reached", [_reached(step) for step in diagnosis.milestones])
    rows += _block("evidence", [clean(text, _WIDTH) for text in diagnosis.evidence])
    if diagnosis.trace and diagnosis.trace.frames:
        frames = [frame for frame in diagnosis.trace.frames if frame.reliable] or list(diagnosis.trace.frames)
        rows += _block("trace", [clean(frame.function, _WIDTH) for frame in frames])
    rows += _block("warnings", [_warned(found) for found in diagnosis.warnings])
    if len(diagnosis.boots) > 1:
        rows += _block(
            "boots", [f"{_span(boot)} {boot.outcome.value}: {clean(boot.title, 80)}" for boot in diagnosis.boots]
        )
    return "\n".join(rows)


def _block(name: str, lines: list[str]) -> list[str]:
    shown = lines[:_ROWS]
    if len(lines) > _ROWS:
        shown.append(f"and {len(lines) - _ROWS} more")
    return [f"  {name if not place else '':10} {line}" for place, line in enumerate(shown)]


def _reached(step: Milestone) -> str:
    return f"{step.name} {clean(step.detail, 40)}".rstrip() + f" (line {step.line})"


def _warned(found: Finding) -> str:
    often = f" ({found.count} times)" if found.count > 1 else ""
    return f"{clean(found.title, 80)} (line {found.line}){often}"


def _span(boot: Boot) -> str:
    return f"lines {boot.first_line} to {boot.last_line}"
