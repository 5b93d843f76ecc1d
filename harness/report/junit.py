"""junit.xml: the run for CI systems, one testcase a cell, in the dialect of Maven Surefire, which knows flaky tests.

Everything is ElementTree nodes over cleaned text, so that it is well-formed whatever a guest printed.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from harness.report.files import console_tail
from harness.report.results import AttemptRecord, CellRecord, RunRecord
from harness.words import Verdict

FILENAME = "junit.xml"
_TAIL = 40


def render(record: RunRecord, run_dir: Path) -> str:
    """junit.xml of `record`; the console tails are read from the logs in `run_dir`."""
    counts = {
        "tests": len(record.cells),
        "failures": _count(record, Verdict.FAIL),
        "errors": _count(record, Verdict.ERROR),
        "skipped": _count(record, Verdict.SKIP),
    }
    numbers = {key: str(value) for key, value in counts.items()} | {"time": f"{record.seconds:.3f}"}
    suites = ET.Element("testsuites", {"name": "bootmatrix", **numbers})
    suite = ET.SubElement(
        suites, "testsuite", {"name": record.run, "timestamp": record.started.strftime("%Y-%m-%dT%H:%M:%SZ"), **numbers}
    )
    _properties(suite, _host(record))
    for cell in record.cells:
        suite.append(_testcase(cell, run_dir))
    ET.indent(suites, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _count(record: RunRecord, verdict: Verdict) -> int:
    return sum(cell.verdict is verdict for cell in record.cells)


def _host(record: RunRecord) -> list[tuple[str, str]]:
    host = record.host
    found = [("host.kernel", host.kernel), ("host.machine", host.machine), ("host.python", host.python)]
    found += [(f"host.qemu.{name}", version) for name, version in host.qemu.items()]
    found += [(f"host.accelerator.{arch}", f"{acc.name}: {acc.reason}") for arch, acc in host.accelerator.items()]
    return [*found, ("interrupted", "true")] if record.interrupted else found


def _testcase(cell: CellRecord, run_dir: Path) -> ET.Element:
    seconds = cell.durations.build + cell.durations.boot + cell.durations.teardown
    case = ET.Element("testcase", {"classname": cell.target, "name": cell.cell, "time": f"{seconds:.3f}"})
    _properties(case, _facts(cell))
    # What failed before a pass is a flakyFailure, what failed before a failure is a rerunFailure.
    earlier = "flaky" if cell.verdict is Verdict.FLAKY else "rerun"
    match cell.verdict:
        case Verdict.FAIL:
            _result(case, "failure", cell).text = _text(run_dir, cell.console)
        case Verdict.ERROR:
            _result(case, "error", cell).text = _text(run_dir, cell.console)
        case Verdict.SKIP:
            ET.SubElement(case, "skipped", {"message": cell.cause or "skipped"})
    for attempt in cell.earlier:
        kind = "Error" if attempt.verdict is Verdict.ERROR else "Failure"
        interim = _result(case, earlier + kind, attempt)
        ET.SubElement(interim, "stackTrace").text = attempt.cause or _message(attempt)
        ET.SubElement(interim, "system-out").text = _text(run_dir, attempt.console)
    if cell.command:
        ET.SubElement(case, "system-out").text = f"To boot it by hand:\n{cell.command}"
    return case


def _facts(cell: CellRecord) -> list[tuple[str, str]]:
    facts = [(word, str(getattr(cell, word))) for word in ("verdict", "arch", "image", "kernel", "media", "machine")]
    facts.append(("class", cell.class_.value))
    if cell.outcome:
        facts.append(("outcome", cell.outcome.value))
    if cell.diagnosis:
        facts += [("cause", cell.diagnosis.id), ("next", cell.diagnosis.next)]
    if cell.accelerator:
        facts.append(("accelerator", f"{cell.accelerator.name}: {cell.accelerator.reason}"))
    if cell.verdict is Verdict.FLAKY:
        facts.append(("flaky", "true"))
    facts += [(f"milestone.{reached.name}", f"{reached.at:.3f}") for reached in cell.milestones]
    return [*facts, ("missing", ", ".join(cell.missing))] if cell.missing else facts


def _properties(parent: ET.Element, facts: list[tuple[str, str]]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in facts:
        ET.SubElement(properties, "property", {"name": name, "value": value})


def _result(parent: ET.Element, tag: str, judged: CellRecord | AttemptRecord) -> ET.Element:
    kind = judged.outcome.value if judged.outcome else judged.verdict.value
    return ET.SubElement(parent, tag, {"type": kind, "message": _message(judged)})


def _message(judged: CellRecord | AttemptRecord) -> str:
    outcome = judged.outcome.value if judged.outcome else None
    return ": ".join(part for part in (outcome, judged.cause) if part) or judged.verdict.value


def _text(run_dir: Path, console: str | None) -> str:
    return "\n".join(console_tail(run_dir, console, _TAIL)) or "(nothing on the console)"
