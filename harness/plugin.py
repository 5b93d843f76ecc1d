"""The pytest door: every cell of a matrix.yml is an item, and fixtures give a vendor's own tests a booted machine.

pytest -m arm64                     cells by marker: arch, class, target, image, kernel, media, suite
pytest matrix.yml --suite nightly   a whole suite

@pytest.mark.cell("arm64-cloud-virt")
def test_it(machine):
    assert machine.run("uname -m").output == "aarch64"
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from harness.errors import BootmatrixError

if TYPE_CHECKING:
    from harness.plan.cells import Cell, Plan
    from harness.report.results import CellRecord, RunRecord
    from harness.run.booted import BootedMachine

MATRIX_FILE = "matrix.yml"
PROPERTY = "bootmatrix"  # the user property that carries a cell's record, also from a worker of xdist


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    group = parser.getgroup("bootmatrix")
    group.addoption("--suite", default=None, help="suite of matrix.yml to collect (default: quick, or what -m names)")
    group.addoption("--lab", default=None, type=Path, help="lab.yml to use instead of the one beside matrix.yml")
    group.addoption("--no-preflight", action="store_true", help="boot also what preflight says would fail")
    group.addoption(
        "--bootmatrix-out", default=None, type=Path, help="folder for the records (default: reports/<timestamp>)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """One record keeper a session; a worker of xdist is told the folder by its controller."""
    config.addinivalue_line("markers", "cell(name): the cell that the `machine` fixture boots")
    config.pluginmanager.register(Keeper(config), "bootmatrix-keeper")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A matrix.yml is a file of tests."""
    if file_path.name != MATRIX_FILE:
        return None
    return cast("pytest.Collector", MatrixFile.from_parent(parent, path=file_path))


class Keeper:
    """Collects the records of all cells of a session, and writes the reports at its end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = datetime.now(UTC)
        self._folder: Path | None = None
        self._records: dict[str, CellRecord] = {}
        self._host: dict[str, Any] | None = None

    @property
    def folder(self) -> Path:
        """Where this run's records go. Only named here: a session without cells leaves no folder behind."""
        if self._folder is None:
            told = getattr(self._config, "workerinput", {}).get(PROPERTY)
            self._folder = Path(told) if told else self._new_folder()
        return self._folder

    def _new_folder(self) -> Path:
        out = self._config.getoption("bootmatrix_out")
        if out and (out / "results.json").exists():
            raise pytest.UsageError(f"--bootmatrix-out: {out} already holds a run")
        if out:
            return Path(out).resolve()
        # The process makes the name one of its own, also for two sessions of one second.
        return self._config.rootpath / "reports" / f"{self._started.astimezone():%Y%m%d-%H%M%S}-{os.getpid()}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist where this run's records go."""
        node.workerinput[PROPERTY] = str(self.folder)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a cell's record out of its report, whichever process it ran in."""
        if report.when != "call" or hasattr(self._config, "workerinput"):
            return
        from harness.report.results import CellRecord

        for name, value in report.user_properties:
            if name == PROPERTY:
                entry = json.loads(str(value))
                record = CellRecord.model_validate(entry["cell"])
                self._records[record.cell] = record
                self._host = _merged(self._host, entry["host"])

    def pytest_sessionfinish(self) -> None:
        """Write results.json and the reports, if there was a cell."""
        if hasattr(self._config, "workerinput") or not self._records:
            return
        from harness.report.reports import write_all

        write_all(self.folder, self._run_record())

    def _run_record(self) -> RunRecord:
        from harness.report.results import HostRecord, RunRecord

        return RunRecord(
            run=self.folder.name,
            started=self._started,
            seconds=(datetime.now(UTC) - self._started).total_seconds(),
            host=HostRecord.model_validate(self._host),
            cells=tuple(self._records.values()),
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where the records are."""
        if self._records:
            terminalreporter.write_line(f"bootmatrix: {len(self._records)} cells, records in {self.folder}")


def _merged(known: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    """A host record with the emulators that both know of."""
    if known is None:
        return new
    return {**new, **{key: {**known[key], **new[key]} for key in ("qemu", "accelerator")}}


def keeper_of(config: pytest.Config) -> Keeper:
    """This session's record keeper."""
    return cast("Keeper", config.pluginmanager.get_plugin("bootmatrix-keeper"))


class MatrixFile(pytest.File):
    """A matrix.yml: its cells are items."""

    def collect(self) -> Iterator[pytest.Item]:
        """The cells of the suite asked for."""
        from harness.plan.cells import plan

        try:
            found = plan(self.path)
            cells = list(self._of_suite(found))
        except BootmatrixError as problem:
            raise self.CollectError(str(problem)) from None
        for cell in cells:
            item = CellItem.from_parent(self, name=cell.id, cell=cell, plan=found)
            for marker in sorted(cell.markers):
                self.config.addinivalue_line("markers", f"{marker}: cells of the matrix")
                item.add_marker(getattr(pytest.mark, marker))
            yield item

    def _of_suite(self, found: Plan) -> list[Cell]:
        from harness.plan.matrix import QUICK
        from harness.plan.select import select

        suite = self.config.getoption("suite")
        words = set(re.findall(r"[\w-]+", self.config.getoption("markexpr", "") or ""))
        if suite is None and not words & set(found.suites) and QUICK in found.suites:
            suite = QUICK
        return select(found, suite=suite)


class CellItem(pytest.Item):
    """One cell: built, booted and judged."""

    def __init__(self, *, cell: Cell, plan: Plan, **rest: Any) -> None:
        super().__init__(**rest)
        self._cell = cell
        self._plan = plan

    def runtest(self) -> None:
        """Run it; raises CellFailed unless it passed."""
        from harness.machine.board.load import find_lab, load_lab
        from harness.report.progress.plain import PlainProgress
        from harness.run.cellwork import CellWork
        from harness.run.runner import Options, run_works
        from harness.store import Store

        store = Store()
        lab = load_lab(find_lab(self.config.getoption("lab"), self._plan.matrix.parent), self._plan.catalog)
        work = CellWork(self._cell, store, board=lab.board_for(self._cell.target.name))
        folder = keeper_of(self.config).folder
        preflights = not self.config.getoption("no_preflight")
        run = run_works(
            [work], Options(folder, jobs=1, lab=lab, preflight=preflights), store, PlainProgress(sys.stderr)
        )
        if run.interrupted:
            raise KeyboardInterrupt
        record = run.cells[0]
        entry = {"cell": record.model_dump(mode="json"), "host": run.host.model_dump(mode="json")}
        self.user_properties.append((PROPERTY, json.dumps(entry)))
        self.add_report_section("call", "milestones", _milestones(record))
        if record.verdict not in ("pass", "flaky"):
            raise CellFailed(record, folder)
        if record.verdict == "flaky":
            self.warn(FlakyCell(f"{record.cell} is flaky: {record.cause}"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The story of a failed cell in place of a traceback."""
        if isinstance(excinfo.value, BootmatrixError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands: the matrix."""
        return self.path, None, self.name


class FlakyCell(pytest.PytestWarning):
    """A cell passed, but only on a retry."""


class CellFailed(BootmatrixError):
    """A cell did not pass."""

    def __init__(self, record: CellRecord, folder: Path) -> None:
        lines = [
            f"{record.cell}: {record.verdict}, {record.outcome or 'not booted'}",
            f"cause: {record.cause}",
            *_reason_of(record),
            f"missing: {', '.join(record.missing) or 'nothing'}",
            f"console: {folder / record.console if record.console else 'none'}",
            f"again by hand: {record.command}",
        ]
        super().__init__("\n".join(lines))


def _reason_of(record: CellRecord) -> list[str]:
    from harness.report.reason import reason

    return list(reason(record.diagnosis))[1:] if record.diagnosis else []


def _milestones(record: CellRecord) -> str:
    return "\n".join(f"{step.at:8.3f} s  {step.name:<12} {step.line}" for step in record.milestones)


@pytest.fixture
def boot_cell(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], BootedMachine]]:
    """Boots cells by name (`boot_cell("raspi3b")`); each is switched off at the end of the test."""
    from harness.machine.board.load import find_lab, load_lab
    from harness.plan.cells import plan
    from harness.plan.select import select
    from harness.report.progress.plain import PlainProgress
    from harness.run.booted import BootedMachine
    from harness.run.cellwork import CellWork
    from harness.store import Store

    found = plan(request.config.rootpath)
    lab = load_lab(find_lab(request.config.getoption("lab"), found.matrix.parent), found.catalog)
    store = Store()
    with contextlib.ExitStack() as machines:

        def boot(name: str) -> BootedMachine:
            cell = select(found, [name])[0]
            board = lab.board_for(cell.target.name)
            folder = tmp_path_factory.mktemp("machine")
            work = CellWork(cell, store, board=board)
            machine = BootedMachine(
                work,
                store,
                folder=folder,
                progress=PlainProgress(sys.stderr),
                board=board,
                preflight=not request.config.getoption("no_preflight"),
            )
            return machines.enter_context(machine)

        yield boot


@pytest.fixture
def machine(request: pytest.FixtureRequest, boot_cell: Callable[[str], BootedMachine]) -> BootedMachine:
    """The booted machine of the cell that the test's `cell` marker names."""
    marker = request.node.get_closest_marker("cell")
    if marker is None or len(marker.args) != 1:
        raise pytest.UsageError("the `machine` fixture needs to know which: mark the test with @pytest.mark.cell(NAME)")
    return boot_cell(str(marker.args[0]))
