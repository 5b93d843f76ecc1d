"""What is gathered of one boot while its log goes by, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from harness.diagnosis.diagnosis import Finding, Milestone, Severity
from harness.diagnosis.rule import Rule
from harness.diagnosis.title import fill
from harness.diagnosis.trace import Collector

FINDINGS = 64
"""Findings, and as many kinds of warnings, that are kept of a boot; all are counted."""
TRACES = 24
"""Traces that are read of a boot: those of the first failures tell the story."""


@dataclass(slots=True)
class Open:
    """A finding whose trace may still be coming."""

    rule: Rule
    line: int
    text: str
    groups: dict[str, str]
    collector: Collector | None

    def closed(self) -> Finding:
        """The finding with all that is known of it by now."""
        trace = self.collector.trace() if self.collector else None
        facts = dict(trace.facts) if trace else {}
        if trace and trace.function:
            facts["function"] = trace.function
        place = self.groups.get("place", "")
        # A report that names the function itself does it better than its trace.
        facts |= {key: value for key, value in self.groups.items() if value}
        facts["function_or_place"] = facts.get("function") or place
        facts["access"] = facts.get("access", "").capitalize()
        title = fill(self.rule.title, facts)
        return Finding(self.rule.name, self.rule.severity, self.rule.outcome, title, self.line, self.text, trace)


@dataclass(slots=True)
class BootRecord:
    """One boot as it is being read."""

    first_line: int
    milestones: list[Milestone] = field(default_factory=list)
    pending: list[Open] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    warnings: dict[str, Finding] = field(default_factory=dict)
    traces: int = 0
    stamped: bool = False
    capture: bool = False
    last_line: int = 0
    last_text: str = ""
    console_line: int = -9
    _reached: dict[str, int] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        return any(name in self._reached for name in names)

    def add_milestone(self, milestone: Milestone) -> None:
        """The first of each name stands, and the last of those that a failure can be taken back by."""
        self._reached[milestone.name] = times = self._reached.get(milestone.name, 0) + 1
        if times <= 2:
            self.milestones.append(milestone)
        else:
            last = max(i for i, step in enumerate(self.milestones) if step.name == milestone.name)
            self.milestones[last] = milestone

    def open(self, found: Open) -> None:
        """A new finding. Its trace is read, beside those of up to three before it."""
        if found.rule.traced and self.traces < TRACES:
            self.traces += 1
            found.collector = Collector()
            found.collector.feed(found.text)
            self.pending.append(found)
            if len(self.pending) > 4:
                self._close(self.pending.pop(0))
        else:
            self._close(found)

    def follow(self, text: str) -> None:
        """A message that no rule knows, while traces are read."""
        for found in list(self.pending):
            assert found.collector is not None  # noqa: S101 (only such are pending)
            found.collector.feed(text)
            if found.collector.is_over:
                self.pending.remove(found)
                self._close(found)

    def close(self) -> None:
        """The boot is over: nothing more will come."""
        for found in self.pending:
            self._close(found)
        self.pending.clear()
        self.findings.sort(key=lambda finding: finding.line)

    def _close(self, found: Open) -> None:
        finding = found.closed()
        if finding.severity is Severity.WARNING:
            known = self.warnings.get(finding.title)
            if known:
                self.warnings[finding.title] = replace(known, count=known.count + 1)
            elif len(self.warnings) < FINDINGS:
                self.warnings[finding.title] = finding
            return
        self.findings.append(finding)
        if len(self.findings) > 2 * FINDINGS:
            # Keep the most severe, and of those the first: they decide.
            self.findings.sort(key=lambda each: (each.severity, each.line))
            del self.findings[FINDINGS:]
