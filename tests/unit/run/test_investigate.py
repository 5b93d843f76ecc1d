"""From a boot that failed to its case, and the one boot more that finds an initcall."""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import harness.run.engine as engine_module
from harness.boot.judge import Ruling
from harness.boot.session import BootResult
from harness.boot.uboot import UBootScript
from harness.diagnosis import why
from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.diagnosis.why import cause_of
from harness.forensics.findings import Findings
from harness.machine.qemu.argv import Media
from harness.plan.target import Target
from harness.report.progress.plain import PlainProgress
from harness.run.attempt import Attempt
from harness.run.engine import Run
from harness.run.initcalls import PURPOSE, WORDS, explained, stopped_before_init, with_initcall_debug
from harness.run.investigate import HEAD_LINES, LINE, TAIL_LINES, case_not_started, case_of
from harness.run.records import attempt_record
from harness.run.work import Prepared
from harness.words import Event, Outcome, Source, Verdict
from tests.unit.run.test_engine import FakeWork, engine

BANNER = "[    0.000000] Linux version 6.1.0"
PANIC = "[    1.200000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000300"


def prepared(*cmdline: str) -> Prepared:
    return Prepared(Media(kernel=Path("/k"), cmdline=cmdline), lambda _: ())


def result(log: Path, outcome: Outcome, cause: str = "", text: str = "") -> BootResult:
    log.write_bytes(text.encode())
    end = Event(2, Source.PROCESS, "exit", "QEMU exited with status 0", {"status": 0})
    return BootResult(Ruling(outcome, cause, 1), (), ("init",), 1, 0, log, told=(end,))


def case_from(
    target: Callable[..., Target], log: Path, outcome: Outcome, cause: str, text: str, *memory: str
) -> Attempt:
    found = Findings((), memory) if memory else None
    case = case_of(target(), prepared("a"), result(log, outcome, cause, text), found)
    return Attempt(result(log, outcome, cause, text), None, "", found, case, cause_of(case))


def test_a_console_becomes_messages(tmp_path: Path, target: Callable[..., Target]) -> None:
    text = f"{BANNER}\r\n[    1.0] \x1b[31mRun /init as init process\r\n{PANIC}\r\n---[ end {PANIC[15:]} ]---\r\n"
    attempt = case_from(target, tmp_path / "c.log", Outcome.INIT_DIED, PANIC, text)
    assert attempt.case
    assert attempt.case.console == ("Linux version 6.1.0", "Run /init as init process", PANIC[15:])
    assert attempt.case.line == PANIC[15:]
    assert (attempt.case.missing, attempt.case.target) == (("init",), target())
    assert attempt.case.exit
    assert attempt.diagnosis
    assert attempt.diagnosis.id == "init-exited"


def test_a_log_of_any_size_is_bounded(tmp_path: Path, target: Callable[..., Target]) -> None:
    text = "\n".join(f"{number} " + "x" * 5000 for number in range(4000))
    case = case_from(target, tmp_path / "c.log", Outcome.HANG, "", text).case
    assert case
    assert len(case.console) <= HEAD_LINES + TAIL_LINES
    assert max(map(len, case.console)) == LINE
    assert case.console[0].startswith("0 ")
    assert case.console[-1].startswith("3999 ")
    short = "\n".join(f"line {number}" for number in range(HEAD_LINES + TAIL_LINES + 9))
    case = case_from(target, tmp_path / "c.log", Outcome.HANG, "", short).case
    assert case
    assert len(case.console) == HEAD_LINES + TAIL_LINES
    assert case.console[HEAD_LINES] == f"line {HEAD_LINES + 9}"


def test_a_log_that_is_gone_is_an_empty_one(tmp_path: Path, target: Callable[..., Target]) -> None:
    ended = result(tmp_path / "c.log", Outcome.NO_OUTPUT)
    (tmp_path / "c.log").unlink()
    assert case_of(target(), prepared(), ended, None).console == ()


def test_the_log_of_a_silent_kernel_is_diagnosed(tmp_path: Path, target: Callable[..., Target]) -> None:
    memory = ("Linux version 6.1.0", "Waiting for root device /dev/vda...")
    attempt = case_from(target, tmp_path / "c.log", Outcome.NO_OUTPUT, "", "", *memory)
    assert attempt.case
    assert attempt.case.diagnosis
    assert attempt.case.diagnosis.outcome is Outcome.NO_ROOTFS
    assert attempt.diagnosis
    assert attempt.diagnosis.id == "console-missing"  # why nothing was seen; and what would have been:
    assert f"it decides: {memory[1]}" in attempt.diagnosis.evidence


def test_a_machine_that_never_started(target: Callable[..., Target]) -> None:
    trouble = "qemu exited with status 1 before the machine could start: no such machine"
    cause = cause_of(case_not_started(target(), prepared(), trouble))
    assert cause
    assert cause.id == "qemu-refused"


def test_a_build_that_found_no_room(tmp_path: Path) -> None:
    work = FakeWork("one", problem=OSError(errno.ENOSPC, "No space left on device"))
    (record,) = asyncio.run(Run(engine(tmp_path, work), [work]).finish())
    assert (record.verdict, record.attempts) == (Verdict.ERROR, ())
    assert record.diagnosis
    assert record.diagnosis.id == "host-out-of-disk"


def test_records_of_several_lines_are_as_on_the_console(tmp_path: Path, target: Callable[..., Target]) -> None:
    case = case_from(target, tmp_path / "c.log", Outcome.HANG, "", BANNER, "  HOME=/", "one\n\ntwo").case
    assert case
    assert case.memory == ("HOME=/", "one", "two")


def test_the_words_go_before_those_of_init() -> None:
    assert with_initcall_debug(prepared("a", "--", "b")).media.cmdline == ("a", *WORDS, "--", "b")
    assert with_initcall_debug(prepared("a")).media.cmdline == ("a", *WORDS)


@pytest.mark.parametrize(
    ("outcome", "text", "wanted"),
    [
        (Outcome.HANG, BANNER, True),
        (Outcome.HANG, f"{BANNER}\n[    1.0] Run /init as init process", False),
        (Outcome.HANG, "SeaBIOS (version 1.16)", False),
        (Outcome.HANG, f"{BANNER}\n[    1.0] Waiting for root device /dev/vda...", False),  # its cause is known
        (Outcome.KERNEL_PANIC, BANNER, False),
        (Outcome.NO_OUTPUT, "", False),
    ],
)
def test_who_is_booted_once_more(
    tmp_path: Path, target: Callable[..., Target], outcome: Outcome, text: str, *, wanted: bool
) -> None:
    attempt = case_from(target, tmp_path / "c.log", outcome, "", text)
    assert stopped_before_init(attempt, prepared("a")) is wanted
    assert not stopped_before_init(attempt, Prepared(Media(), lambda _: ()))  # an ISO has a command line of its own
    typed = replace(prepared("a"), preamble=UBootScript(("setenv bootargs 'a'",), "booti"))
    assert not stopped_before_init(attempt, typed)  # nor does U-Boot read that of the machine


def test_the_engine_boots_once_more_and_says_so(
    tmp_path: Path, target: Callable[..., Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The boot itself is played; what is asked of it, what is recorded and which attempt decides are the engine's."""
    words: list[tuple[str, ...]] = []

    class Direct(FakeWork):
        def prepare(self, folder: Path, say: Callable[[str], None]) -> Prepared:
            return replace(super().prepare(folder, say), media=Media(kernel=Path("/k"), cmdline=("a",)))

    async def played(
        work: object, ready: Prepared, machine: object, *, records: Path, name: str, progress: object
    ) -> Attempt:
        words.append(ready.media.cmdline)
        debugging = "initcall_debug" in ready.media.cmdline
        text = f"{BANNER}\n[    1.0] calling  dead_init+0x0/0x10 @ 1" if debugging else BANNER
        return case_from(target, records / f"{name}.log", Outcome.HANG, "it hung", text)

    monkeypatch.setattr(engine_module, "attempt", played)
    work = Direct("one")
    (record,) = asyncio.run(Run(replace(engine(tmp_path, work), progress=PlainProgress(sys.stderr)), [work]).finish())
    assert words == [("a",), ("a", *WORDS)]
    assert [attempt.purpose for attempt in record.attempts] == ["", PURPOSE]
    assert record.attempts[1].console == f"console/one.{PURPOSE}.log"
    assert (record.verdict, record.console, record.earlier) == (Verdict.FAIL, "console/one.log", ())
    assert record.diagnosis
    assert record.diagnosis.id == "initcall-deadlock"
    assert record.cause == f"{record.diagnosis.text}; it hung"


def test_a_rule_that_raises_is_recorded_and_hinders_nobody(
    tmp_path: Path, target: Callable[..., Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    @explains(Weight.HOST, Outcome.HANG)
    def hasty(case: Case) -> Cause | None:
        raise KeyError(case.line)

    rules = (hasty, *why.explanations())
    monkeypatch.setattr(why, "explanations", lambda: rules)
    attempt = case_from(target, tmp_path / "c.log", Outcome.HANG, "", BANNER)
    assert stopped_before_init(attempt, prepared("a"))  # the broken rule is no cause
    record = attempt_record(attempt, 0, tmp_path)
    assert record.diagnosis
    assert record.diagnosis.id == why.RULE_BROKEN
    assert record.diagnosis.broken[0].startswith("test_investigate.hasty: KeyError: ")
    known = case_from(
        target, tmp_path / "c.log", Outcome.HANG, "", f"{BANNER}\n[ 1.0] Waiting for root device /dev/x..."
    )
    assert known.diagnosis
    assert (known.diagnosis.id, len(known.diagnosis.broken)) == ("root-device-missing", 1)


def test_a_probe_that_shows_nothing_explains_nothing(tmp_path: Path, target: Callable[..., Target]) -> None:
    hung = case_from(target, tmp_path / "c.log", Outcome.HANG, "", BANNER)
    passed = Attempt(None, None, "")
    assert explained(hung, passed) is hung
