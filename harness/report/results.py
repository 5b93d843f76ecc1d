"""results.json: what a run found, and the single source of every report. `docs/results.md` explains it to its readers.

Text in a record comes from guests, logs and other people's files. It is cleaned (see `text.clean`) when a record is
made and when one is read, so whatever shows a record need not fear it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from harness.errors import InputError, Where
from harness.report.files import is_inside, write_text
from harness.report.text import COMMAND, LINE, NAME, SENTENCE, clean
from harness.words import Arch, Outcome, Reached, Source, TargetClass, Verdict

FILENAME = "results.json"
SCHEMA = 1


def _cleaner(limit: int) -> BeforeValidator:
    # Anything but text is left alone here for pydantic to refuse.
    return BeforeValidator(lambda value: clean(value, limit) if isinstance(value, str | bytes) else value)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _inside(path: str) -> str:
    if not is_inside(path):
        raise ValueError("must be a relative path below the run's folder")
    return path


Name = Annotated[str, _cleaner(NAME)]
Line = Annotated[str, _cleaner(LINE)]
Sentence = Annotated[str, _cleaner(SENTENCE)]
Command = Annotated[str, _cleaner(COMMAND)]
# A microsecond is finer than any clock here; more digits are noise in the file.
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(lambda value: round(value, 6))]
RelativePath = Annotated[str, AfterValidator(_inside)]


class Record(BaseModel):
    """Frozen, and an unknown key is an error: a file of another schema is never half understood."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        serialize_by_alias=True,
        # A file always holds every key, and its schema says so.
        json_schema_serialization_defaults_required=True,
    )


class AcceleratorRecord(Record):
    """How QEMU ran the guest's code, and why so: `tcg` because `/dev/kvm is missing`."""

    name: Name
    reason: Sentence = ""


class MilestoneRecord(Record):
    """A milestone that was reached: `at` in seconds since power-on, `line` the evidence."""

    name: Name
    at: Seconds
    source: Source
    line: Line = ""

    @classmethod
    def of(cls, reached: Reached) -> Self:
        """The record of a milestone as the boot reported it."""
        return cls(name=reached.name, at=reached.at, source=reached.source, line=reached.line)


class Durations(Record):
    """Seconds of wall clock; `boot` is from power-on to the verdict."""

    build: Seconds = 0.0
    boot: Seconds = 0.0
    teardown: Seconds = 0.0


class ForensicsRecord(Record):
    """What a guest that was stuck showed of itself after the verdict."""

    cpus: tuple[Sentence, ...] = Field((), description="where each CPU was, whether it ran, and its interrupts")
    kernel_log: tuple[Line, ...] = Field((), description="the kernel's last lines, read out of guest memory")
    truncated: bool = Field(False, description="whether the guest has more memory than was read")


class CauseRecord(Record):
    """Why a boot failed, by a rule that combined what was seen with what is known of the cell."""

    id: Name = Field(description="a kebab-case word that stays, such as root-driver-missing")
    text: Sentence
    evidence: tuple[Line, ...] = Field((), description="console lines, symbols and facts, the most telling first")
    next: Sentence = Field("", description="what to do about it")
    broken: tuple[Sentence, ...] = Field((), description="rules of bootmatrix that failed themselves: please report it")


class AttemptRecord(Record):
    """One boot of a cell. A cell that was retried has several, the last one decides."""

    verdict: Verdict
    outcome: Outcome | None = None
    cause: Sentence | None = None
    milestones: tuple[MilestoneRecord, ...] = ()
    durations: Durations = Durations()
    console: RelativePath | None = Field(None, description="raw console log, relative to this file's folder")
    forensics: ForensicsRecord | None = Field(None, description="null where the guest was not stuck")
    screen: RelativePath | None = Field(None, description="PNG of its display, where a stuck machine has one")
    diagnosis: CauseRecord | None = Field(None, description="null for a pass, and where no cause is known")
    purpose: Name = Field("", description="why it was made, where not for the verdict: initcall-debug")
    command: Command = ""


class FindingRecord(Record):
    """What preflight said of the kernel before the boot: `error` is certain, and keeps the cell from being booted."""

    level: Literal["error", "warning"]
    symbol: Name | None = Field(None, description="kernel symbol, such as CONFIG_SERIAL_8250_CONSOLE")
    what: Sentence
    why: Sentence
    hint: Sentence | None = None
    predicts: Outcome | None = Field(None, description="outcome of the boot, where that is certain too")


class CellRecord(Record):
    """One cell of the matrix and what became of it; the fields from `milestones` on are those of the last attempt."""

    cell: Name
    target: Name
    arch: Arch
    class_: TargetClass = Field(alias="class")
    image: Name
    kernel: Name
    media: Name
    machine: Name = Field(description="QEMU machine type, or the board's name")
    verdict: Verdict
    outcome: Outcome | None = Field(None, description="what happened to the guest; null if it was never started")
    cause: Sentence | None = Field(None, description="why, in one sentence with its evidence")
    accelerator: AcceleratorRecord | None = Field(None, description="null for a real board")
    attempts: tuple[AttemptRecord, ...] = ()
    milestones: tuple[MilestoneRecord, ...] = Field((), description="reached, in order")
    missing: tuple[Name, ...] = Field((), description="expected milestones that were not reached, in order")
    durations: Durations = Durations()
    artefacts: dict[Name, Command] = Field(
        default_factory=dict, description="what was booted: kernel, initrd, dtb, ... (paths), and its origin"
    )
    preflight: tuple[FindingRecord, ...] = Field((), description="what was found before the boot, errors first")
    command: Command = Field("", description="boots it again by hand; quoted for a POSIX shell")
    console: RelativePath | None = Field(None, description="raw console log, relative to this file's folder")
    forensics: ForensicsRecord | None = Field(None, description="null where the guest was not stuck")
    screen: RelativePath | None = Field(None, description="PNG of its display, where a stuck machine has one")
    diagnosis: CauseRecord | None = Field(None, description="null for a pass, and where no cause is known")
    failed_units: tuple[Line, ...] = Field((), description="units of systemd that failed, also where the boot passed")

    @property
    def earlier(self) -> tuple[AttemptRecord, ...]:
        """The attempts before the one that decides, without those that were made to learn something."""
        return tuple(attempt for attempt in self.attempts if not attempt.purpose)[:-1]


class HostRecord(Record):
    """The machine the harness ran on."""

    python: Name
    kernel: Name
    machine: Name
    cpus: int = Field(ge=1)
    memory_mib: int = Field(ge=0)
    qemu: dict[Name, Name] = Field(default_factory=dict, description="version of each QEMU binary used")
    accelerator: dict[Arch, AcceleratorRecord] = Field(default_factory=dict)


class RunRecord(Record):
    """The whole of results.json."""

    schema_: Literal[1] = Field(1, alias="schema")
    run: Name
    started: Annotated[AwareDatetime, AfterValidator(_utc)] = Field(description="ISO 8601, UTC")
    seconds: Seconds
    interrupted: bool = False
    host: HostRecord
    cells: tuple[CellRecord, ...] = ()


def write(run_dir: Path, record: RunRecord) -> Path:
    """Write `run_dir/results.json` as a whole and return its path; HostError if the disk refuses."""
    path = run_dir / FILENAME
    write_text(path, record.model_dump_json(indent=1) + "\n")
    return path


def read(run_dir: Path) -> RunRecord:
    """The record in `run_dir/results.json`; InputError, with the key at fault, if it is missing, damaged or foreign."""
    path = run_dir / FILENAME
    try:
        data = path.read_bytes()
    except OSError as error:
        hint = "name a folder below reports/ that a run has written"
        raise InputError(f"cannot read it: {error.strerror}", where=Where(str(path)), hint=hint) from error
    _refuse_foreign(data, path)
    try:
        return RunRecord.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = clean(".".join(str(part) for part in first["loc"]), NAME)
        raise InputError(
            clean(first["msg"], SENTENCE), where=Where(str(path), None, key or None), hint="run the cells again"
        ) from error


def results_schema() -> dict[str, Any]:
    """JSON Schema of results.json."""
    schema = RunRecord.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "bootmatrix results.json"}


def exit_status(record: RunRecord) -> int:
    """What the command ends with: 130 interrupted, 1 a cell failed, 3 none failed but one ended in error, else 0."""
    if record.interrupted:
        return 130
    verdicts = {cell.verdict for cell in record.cells}
    if Verdict.FAIL in verdicts:
        return 1
    return 3 if Verdict.ERROR in verdicts else 0


def _refuse_foreign(data: bytes, path: Path) -> None:
    """Say in plain words that a file is no JSON, no results, or of a newer bootmatrix, before its keys are judged."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        what = error.msg if isinstance(error, json.JSONDecodeError) else "its text is not valid"
        raise InputError(
            f"damaged, this is not JSON: {what}", where=Where(str(path), line), hint="run the cells again"
        ) from error
    found = document.get("schema") if isinstance(document, dict) else None
    if found is None:
        raise InputError("this is not a record of a run", where=Where(str(path), None, "schema"), hint="name another")
    if isinstance(found, bool) or found != SCHEMA:
        raise InputError(
            f"schema {clean(str(found), 20)} is not known here, only {SCHEMA}",
            where=Where(str(path), None, "schema"),
            hint="use the bootmatrix that wrote it",
        )
