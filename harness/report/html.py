"""index.html: the run as one page that needs nothing else: no script, no font, no address outside itself.

The page is a tree of ElementTree nodes, so text can become nothing but text, whatever a guest printed; a content
security policy in its head forbids scripts and loads besides.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

from harness.report.files import console_tail, picture
from harness.report.html_style import STYLE
from harness.report.markdown import counts
from harness.report.results import CellRecord, MilestoneRecord, RunRecord
from harness.words import Outcome, Verdict

FILENAME = "index.html"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
# A page of thousands of cells must still open: those that passed show less, the whole log is a link away.
_TAIL, _TAIL_PASSED = 60, 12
_BAR = 1000
_HUES = 6


def render(record: RunRecord, run_dir: Path) -> str:
    """index.html of `record`; the console tails are read from the logs in `run_dir`."""
    page = _node("html", lang="en")
    head = _add(page, "head")
    _add(head, "meta", charset="utf-8")
    _add(head, "meta", **{"http-equiv": "Content-Security-Policy", "content": _POLICY})
    _add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "title", f"bootmatrix {record.run}")
    _add(head, "style", STYLE)
    body = _add(page, "body")
    _header(body, record)
    _cells(body, record, run_dir)
    return "<!doctype html>\n" + ET.tostring(page, encoding="unicode", method="html") + "\n"


def _header(body: ET.Element, record: RunRecord) -> None:
    header = _add(body, "header")
    _add(header, "h1", f"bootmatrix {record.run}")
    started = record.started.strftime("%Y-%m-%d %H:%M:%S UTC")
    _add(header, "p", f"{started} · {counts(record)}")
    # A row of radio buttons and a rule of the style sheet filter the cells with no script.
    pills = _add(header, "p", class_="pills")
    numbers = {verdict.value: sum(cell.verdict is verdict for cell in record.cells) for verdict in Verdict}
    for name, number in {"all": len(record.cells), **numbers}.items():
        if number:
            label = _add(pills, "label", class_=f"pill {name}")
            radio = _add(label, "input", type="radio", name="only", id=f"only-{name}")
            if name == "all":
                radio.set("checked", "checked")
            _add(label, "span", f"{number} {name}")
    host = record.host
    facts = [("host", f"{host.machine}, Linux {host.kernel}, {host.cpus} CPUs, {host.memory_mib} MiB")]
    facts.append(("python", host.python))
    facts += [(name, version) for name, version in host.qemu.items()]
    facts += [(f"accelerator {arch}", f"{acc.name}: {acc.reason}") for arch, acc in host.accelerator.items()]
    _facts(_add(header, "details"), "the host", facts)


def _cells(body: ET.Element, record: RunRecord, run_dir: Path) -> None:
    table = _add(body, "table")
    row = _add(_add(table, "thead"), "tr")
    for title in ("verdict", "cell", "milestones", "boot"):
        _add(row, "th", title)
    rows = _add(table, "tbody")
    # One scale for all, so that bars can be compared.
    longest = max((max(cell.durations.boot, _last(cell)) for cell in record.cells), default=0.0) or 1.0
    for cell in record.cells:
        row = _add(rows, "tr", class_=cell.verdict.value)
        _add(_add(row, "td"), "span", cell.verdict.value, class_=f"badge {cell.verdict}")
        details = _add(_add(row, "td"), "details")
        summary = _add(details, "summary", cell.cell)
        if cell.outcome and cell.outcome is not Outcome.READY:
            _add(summary, "em", f" {cell.outcome}")
        _story(details, cell, run_dir)
        _timeline(_add(row, "td", class_="bar"), cell, longest)
        _add(row, "td", f"{cell.durations.boot:.1f} s" if cell.attempts else "", class_="number")


def _story(parent: ET.Element, cell: CellRecord, run_dir: Path) -> None:
    """What a cell's row opens to."""
    _why(parent, cell)
    _earlier(parent, cell)
    _milestones(parent, cell)
    _facts(_add(parent, "details"), "facts", _facts_of(cell))
    _display(parent, cell, run_dir)
    if cell.command:
        _add(_add(parent, "details"), "summary", "boot it by hand")
        _add(parent[-1], "pre", cell.command)
    _console(parent, cell, run_dir)


def _why(parent: ET.Element, cell: CellRecord) -> None:
    if cell.cause:
        _add(parent, "p", cell.cause, class_="cause")
    if cell.diagnosis:
        evidence = _add(parent, "ul")
        for seen in cell.diagnosis.evidence:
            _add(_add(evidence, "li"), "code", seen)
        _add(parent, "p", f"what to do: {cell.diagnosis.next}")
        for rule in cell.diagnosis.broken:
            _add(parent, "p", f"a rule of bootmatrix is broken: {rule}")
    if cell.missing:
        _add(parent, "p", f"not reached: {', '.join(cell.missing)}")


def _earlier(parent: ET.Element, cell: CellRecord) -> None:
    for number, attempt in enumerate(cell.earlier, 1):
        line = _add(parent, "p", f"attempt {number}: {attempt.outcome or attempt.verdict} {attempt.cause or ''} ")
        _link(line, attempt.console, "its console")


def _milestones(parent: ET.Element, cell: CellRecord) -> None:
    if not cell.milestones:  # a list without an item is no list
        return
    marks = _add(parent, "ol")
    for mark in cell.milestones:
        item = _add(marks, "li", f"{mark.name} {mark.at:.3f} s ")
        _add(item, "code", mark.line)


def _facts_of(cell: CellRecord) -> list[tuple[str, str]]:
    facts = [("machine", cell.machine), ("arch", cell.arch.value), ("class", cell.class_.value)]
    if cell.accelerator:
        facts.append(("accelerator", f"{cell.accelerator.name}: {cell.accelerator.reason}"))
    spent = cell.durations
    facts.append(("seconds", f"build {spent.build:.1f}, boot {spent.boot:.1f}, teardown {spent.teardown:.1f}"))
    return [*facts, *cell.artefacts.items()]


def _display(parent: ET.Element, cell: CellRecord, run_dir: Path) -> None:
    if shown := picture(run_dir, cell.screen):
        # Inside of the page, so that it is seen also where the page is sent to somebody alone.
        source = "data:image/png;base64," + b64encode(shown).decode()
        _add(_add(parent, "p"), "img", class_="screen", src=source, alt="what the display showed")
    _link(_add(parent, "p"), cell.screen, "its display")


def _console(parent: ET.Element, cell: CellRecord, run_dir: Path) -> None:
    if tail := console_tail(run_dir, cell.console, _TAIL_PASSED if cell.verdict is Verdict.PASS else _TAIL):
        # The browser drops one newline after <pre>; this one is for it, so that an empty first line stays.
        _add(parent, "pre", "\n" + "\n".join(tail), class_="console")
    _link(_add(parent, "p"), cell.console, "the whole console")


def _link(parent: ET.Element, path: str | None, text: str) -> None:
    if path:
        # "./" keeps a first part with a colon from being read as a scheme.
        _add(parent, "a", text, href="./" + quote(path))


def _timeline(parent: ET.Element, cell: CellRecord, longest: float) -> None:
    """A bar from power-on to the verdict, a segment up to each milestone, on a scale of `longest` seconds."""
    svg = _add(parent, "svg", viewBox=f"0 0 {_BAR} 16", preserveAspectRatio="none", role="img")
    scale = _BAR / longest
    since = 0.0
    for number, mark in enumerate(_in_time(cell.milestones)):
        rect = _segment(svg, since * scale, mark.at * scale, f"h{number % _HUES}")
        _add(rect, "title", f"{mark.name} {mark.at:.2f} s")
        since = mark.at
    end = cell.durations.boot
    if end > since and cell.verdict in (Verdict.FAIL, Verdict.ERROR):
        rect = _segment(svg, since * scale, end * scale, "lost")
        _add(rect, "title", f"waited for {', '.join(cell.missing) or 'the end'} until {end:.2f} s")


def _segment(svg: ET.Element, start: float, end: float, kind: str) -> ET.Element:
    # At least a hair wide, or two milestones at one instant would be one.
    width = max(end - start, 1.5)
    return _add(svg, "rect", class_=kind, x=f"{start:.1f}", width=f"{width:.1f}", height="16")


def _in_time(marks: tuple[MilestoneRecord, ...]) -> list[MilestoneRecord]:
    return sorted(marks, key=lambda mark: mark.at)


def _last(cell: CellRecord) -> float:
    return max((mark.at for mark in cell.milestones), default=0.0)


def _facts(details: ET.Element, title: str, facts: list[tuple[str, str]]) -> None:
    _add(details, "summary", title)
    table = _add(details, "table", class_="facts")
    for name, value in facts:
        row = _add(table, "tr")
        _add(row, "th", name)
        _add(row, "td", value)


def _node(tag: str, text: str = "", **attributes: str) -> ET.Element:
    node = ET.Element(tag, {name.rstrip("_"): value for name, value in attributes.items()})
    node.text = text
    return node


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    node = _node(tag, text, **attributes)
    parent.append(node)
    return node
