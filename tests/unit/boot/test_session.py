"""One boot from power-on to verdict, on a machine that plays a script: what is waited for, and how it always ends."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from harness.boot.checks.check import Check, CheckFailed, Guest
from harness.boot.dialogue import GuestGone, Shell
from harness.boot.judge import Judge
from harness.boot.ladder import Steps, assembly_ladder, foreign_ladder
from harness.boot.session import BootResult, Limits, Plan, Session, boot
from harness.errors import HostError
from harness.machine.observation import Observation
from harness.machine.protocol import Fact, Port
from harness.words import Event, Outcome, Source, Verdict
from tests.unit.boot.fakes import BANNER, GONE, INIT, PANIC, READY, UP, FakeMachine, a_target, rungs

DEADLINE = 60.0  # of every boot here; what must be quick is compared with it


def plan_of(*, release: str | None = None, silence: float = DEADLINE, poweroff: bool = True) -> Plan:
    return Plan(rungs(a_target(poweroff=poweroff)), Limits(silence, DEADLINE), release)


def booted(
    machine: FakeMachine, folder: Path, plan: Plan | None = None, *, ends_at_ready: bool = False
) -> tuple[BootResult, float]:
    """The result and the seconds it took; the machine is off afterwards, exactly once."""
    started = time.monotonic()
    result = asyncio.run(boot(machine, plan or plan_of(), records=folder, name="cell", ends_at_ready=ends_at_ready))
    assert machine.switched == ["on", "off"]
    return result, time.monotonic() - started


async def comes_up(machine: FakeMachine) -> None:
    machine.say(UP[:70])
    await asyncio.sleep(0)
    machine.say(UP[70:])


def says(*pieces: bytes | Fact) -> Callable[[FakeMachine], Awaitable[None]]:
    async def script(machine: FakeMachine) -> None:
        for piece in pieces:
            if isinstance(piece, Fact):
                machine.sink.happened(piece)
            else:
                machine.say(piece)
            await asyncio.sleep(0.01)

    return script


def open_files(folder: Path) -> list[str]:
    return [path for fd in Path("/proc/self/fd").iterdir() if (path := str(fd.resolve())).startswith(str(folder))]


@pytest.mark.parametrize("channel", [False, True])
def test_healthy_boot(tmp_path: Path, channel: bool) -> None:
    machine = FakeMachine(comes_up, channel=channel)
    result, took = booted(machine, tmp_path, plan_of(release="6.1.0"))
    assert (result.ruling.verdict, result.ruling.cause) == (Verdict.PASS, "")
    assert result.missing == ()
    names = [step.name for step in result.reached]
    assert [*names[:5], *sorted(names[5:7]), *names[7:]] == [
        "kernel", "init", "system", "drivers", "ready", "devices", "shell", "poweroff",
    ]  # fmt: skip
    assert [port for port, _ in machine.written] == [Port.CHANNEL if channel else Port.CONSOLE] * 2
    assert machine.written[-1][1] == b"poweroff -f\n"
    assert took < DEADLINE / 20
    assert 0 <= result.boot < took
    assert result.console_log == tmp_path / "cell.log"
    assert result.console_log.read_bytes().startswith(UP)
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "cell.jsonl").read_text().splitlines()]
    assert kinds[0] == "line"
    assert kinds[-1] == "exit"
    assert {"inspection", "shell", "SHUTDOWN"} <= set(kinds)
    assert open_files(tmp_path) == []


def test_machine_that_cannot_switch_itself_off(tmp_path: Path) -> None:
    machine = FakeMachine(comes_up)
    result, _ = booted(machine, tmp_path, plan_of(poweroff=False))
    assert result.ruling.verdict is Verdict.PASS
    assert all(not data.startswith(b"poweroff") for _, data in machine.written)


def test_wrong_kernel(tmp_path: Path) -> None:
    result, _ = booted(FakeMachine(comes_up), tmp_path, plan_of(release="6.12.0"))
    assert (result.ruling.outcome, result.ruling.verdict) == (Outcome.READY, Verdict.FAIL)
    assert "uname -r: 6.1.0, expected 6.12.0" in result.ruling.cause


def test_shell_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.boot.session.SHELL_TIMEOUT", 0.1)
    result, _ = booted(FakeMachine(comes_up, shell=False), tmp_path)
    assert (result.ruling.outcome, result.ruling.verdict) == (Outcome.READY, Verdict.FAIL)
    assert "no answer to 'uname -r'" in result.ruling.cause


def test_devices_that_no_driver_took(tmp_path: Path) -> None:
    machine = FakeMachine(comes_up)
    machine.facts = [Fact(Source.QMP, "inspection", "disk0 was never read", {"ok": False})]
    result, _ = booted(machine, tmp_path)
    assert result.ruling.verdict is Verdict.FAIL
    assert "disk0 was never read" in result.ruling.cause


def test_panic_is_told_at_once_and_its_trace_is_kept(tmp_path: Path) -> None:
    seen: dict[str, bool] = {}

    async def script(machine: FakeMachine) -> None:
        machine.say(f"{BANNER}\n{INIT}\n".encode())
        machine.say(f"{PANIC}\n".encode())
        seen["at once"] = "told" in seen
        for number in range(3):
            await asyncio.sleep(0.01)
            machine.say(b"[    1.3] Call Trace: %d\n" % number)
        await asyncio.sleep(DEADLINE)

    plan = plan_of()
    told = Plan(plan.rungs, plan.limits, ruled=lambda _: seen.update(told=True))
    result, took = booted(FakeMachine(script), tmp_path, told)
    assert (result.ruling.outcome, result.ruling.cause) == (Outcome.INIT_DIED, PANIC)
    assert seen["at once"], "before the machine could say anything else"
    assert took < DEADLINE / 20  # the trace is waited for, the deadline is not
    assert b"Call Trace: 2" in result.console_log.read_bytes()
    assert [step.name for step in result.reached] == ["kernel", "init"]


def test_panic_with_endless_noise_behind_it_ends_all_the_same(tmp_path: Path) -> None:
    async def script(machine: FakeMachine) -> None:
        machine.say(f"{BANNER}\n{PANIC}\n".encode())
        while True:
            machine.say(b"noise\n")
            await asyncio.sleep(0.005)

    machine = FakeMachine(script)
    result, took = booted(machine, tmp_path)
    assert machine.looks == 0  # its last words say it all
    assert result.ruling.outcome is Outcome.INIT_DIED
    assert took < DEADLINE / 20


def test_panic_while_the_shell_is_asked(tmp_path: Path) -> None:
    async def script(machine: FakeMachine) -> None:
        await comes_up(machine)
        await machine.until(lambda machine: bool(machine.written))
        machine.say(f"{PANIC}\n".encode())
        await asyncio.sleep(DEADLINE)

    result, took = booted(FakeMachine(script, shell=False), tmp_path)
    assert result.ruling.outcome is Outcome.INIT_DIED
    assert took < DEADLINE / 20


def test_machine_that_dies(tmp_path: Path) -> None:
    killed = Fact(Source.PROCESS, "exit", "QEMU killed by SIGKILL", {"status": None, "signal": "SIGKILL"})
    result, took = booted(FakeMachine(says(UP[:100], killed)), tmp_path)
    assert (result.ruling.outcome, result.ruling.verdict) == (Outcome.MACHINE_DIED, Verdict.ERROR)
    assert "SIGKILL" in result.ruling.cause
    assert took < DEADLINE / 20


def test_silence_and_hang(tmp_path: Path) -> None:
    mute = FakeMachine(says())
    silent, _ = booted(mute, tmp_path, plan_of(silence=0.2))
    assert mute.looks == 1
    assert (silent.ruling.outcome, silent.ruling.verdict) == (Outcome.NO_OUTPUT, Verdict.FAIL)
    machine = FakeMachine(says(f"{BANNER}\nProbing EDD".encode()))
    machine.observation = Observation((("RIP=10",),))
    hung, _ = booted(machine, tmp_path, plan_of(silence=0.2))
    assert hung.ruling.outcome is Outcome.HANG
    assert (hung.observation, machine.looks) == (machine.observation, 1)
    assert "Probing EDD" in hung.ruling.cause
    assert "init" in hung.ruling.cause
    last = json.loads((tmp_path / "cell.jsonl").read_text().splitlines()[-1])
    assert last["text"] == "Probing EDD"  # the unfinished line is part of the record, too


def test_what_the_host_held_back_from_a_guest_that_spoke_does_not_make_its_hang_longer(tmp_path: Path) -> None:
    class Slowed(FakeMachine):
        held = 0.0

        def held_back(self) -> float:
            return self.held

    async def script(machine: FakeMachine) -> None:
        machine.say(f"{BANNER}\n".encode())
        await asyncio.sleep(0.1)
        if isinstance(machine, Slowed):
            machine.held = 100.0
        machine.say(b"Probing EDD")

    _, idle = booted(FakeMachine(script), tmp_path, plan_of(silence=0.4))
    _, slowed = booted(Slowed(script), tmp_path, plan_of(silence=0.4))
    assert slowed < 2.5 * idle  # an excuse of any size makes five times of it


def test_a_machine_that_ends_with_nothing_on_its_console_is_looked_at(tmp_path: Path) -> None:
    reset = Fact(Source.QMP, "SHUTDOWN", "SHUTDOWN", {"guest": True, "reason": "guest-reset"})
    mute, heard = FakeMachine(says(b"", reset)), FakeMachine(says(BANNER.encode(), reset))
    assert booted(mute, tmp_path)[0].ruling.outcome is Outcome.RESET_LOOP
    assert booted(heard, tmp_path)[0].ruling.outcome is Outcome.RESET_LOOP
    assert (mute.looks, heard.looks) == (1, 0)


def test_somebody_elses_image_ends_at_ready(tmp_path: Path) -> None:
    plan = Plan(foreign_ladder(a_target(), boots_kernel=True, ready=None), Limits(DEADLINE, DEADLINE))
    machine = FakeMachine(says(f"{BANNER}\r\nhost login: ".encode()))
    result, took = booted(machine, tmp_path, plan, ends_at_ready=True)
    assert result.ruling.verdict is Verdict.PASS
    assert machine.written == []
    assert took < DEADLINE / 20


def test_machine_that_cannot_be_started(tmp_path: Path) -> None:
    machine = FakeMachine(comes_up, fails="no such machine")
    with pytest.raises(HostError, match="no such machine"):
        asyncio.run(boot(machine, plan_of(), records=tmp_path, name="cell"))
    assert machine.switched == ["on", "off"]
    assert open_files(tmp_path) == []


def test_a_defect_of_ours_ends_the_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(judge: Judge, event: Event) -> None:
        raise TypeError("a rule that cannot work")

    monkeypatch.setattr(Judge, "see", broken)
    machine = FakeMachine(says(UP))
    started = time.monotonic()
    with pytest.raises(TypeError, match="a rule that cannot work"):
        booted(machine, tmp_path)
    assert machine.switched == ["on", "off"]
    assert time.monotonic() - started < DEADLINE / 2
    assert open_files(tmp_path) == []


@pytest.mark.parametrize("file", ["cell.log", "cell.jsonl"])
def test_full_disk_ends_the_boot(tmp_path: Path, file: str) -> None:
    (tmp_path / file).symlink_to("/dev/full")
    machine = FakeMachine(says(f"{BANNER}\n".encode(), b"noise\n" * 15_000))
    started = time.monotonic()
    with pytest.raises(HostError, match="cannot be written: No space left on device"):
        asyncio.run(boot(machine, plan_of(), records=tmp_path, name="cell"))
    assert time.monotonic() - started < DEADLINE / 20
    assert machine.switched == ["on", "off"]


async def _never_ready(machine: FakeMachine) -> None:
    machine.say(f"{BANNER}\n".encode())


PHASES = {
    "power-on": (_never_ready, {}, lambda machine: machine.switched == ["on"]),
    "boot": (_never_ready, {}, lambda machine: bool(machine.tasks)),
    "shell": (comes_up, {"shell": False}, lambda machine: bool(machine.written)),
}


@pytest.mark.parametrize("phase", PHASES)
def test_cancelled_in_every_phase(tmp_path: Path, phase: str) -> None:
    script, options, there = PHASES[phase]
    machine = FakeMachine(script, **options)  # type: ignore[arg-type]
    machine.blocks_power_on = phase == "power-on"

    async def main() -> None:
        task = asyncio.create_task(boot(machine, plan_of(), records=tmp_path, name="cell"))
        await machine.until(there)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    started = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - started < DEADLINE / 20  # no thread waits for a shell that is gone
    assert machine.switched == ["on", "off"]
    assert open_files(tmp_path) == []
    assert [thread for thread in threading.enumerate() if thread.name.startswith("asyncio")] == []


def test_fixture_style(tmp_path: Path) -> None:
    """Somebody's own tests on a machine that is up: no clock, and an end of the guest ends their waits."""

    async def main() -> None:
        machine = FakeMachine(comes_up)
        async with Session(machine, plan_of(silence=0.3), records=tmp_path, name="cell") as session:
            assert await session.until_ready()
            session.cease_judging()
            shell = Shell(session.spawn(Port.CONSOLE))
            assert (await asyncio.to_thread(shell.run, "uname -r")).output == "6.1.0"
            await asyncio.sleep(0.5)
            assert session.judge.ruling is None
            machine.sink.happened(GONE)
            with pytest.raises(GuestGone):
                await asyncio.to_thread(session.spawn(Port.CHANNEL).expect_exact, b"x", timeout=DEADLINE)
        with pytest.raises(GuestGone):
            await asyncio.to_thread(shell.run, "true", DEADLINE)

    started = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - started < DEADLINE / 10


def test_ready_and_panic_in_one_chunk_is_no_ready(tmp_path: Path) -> None:
    machine = FakeMachine(says(f"{BANNER}\n{INIT}\n{PANIC}\n{READY}\n".encode()))
    result, _ = booted(machine, tmp_path)
    assert result.ruling.outcome is Outcome.INIT_DIED
    assert machine.written == []


def test_checks_become_milestones_and_their_failure_the_ruling(tmp_path: Path) -> None:
    """Asked once the shell has answered, over the machine's own way in, and before it is switched off."""
    asked: list[str] = []

    class Asks(Check):
        good: bool = True

        async def ask(self, guest: Guest) -> str:
            asked.append(f"{self.name} {await guest.endpoint(22)}")
            if not self.good:
                raise CheckFailed("nobody there")
            return "there"

    def came_to(*checks: Asks) -> BootResult:
        ladder = assembly_ladder(a_target(), Steps(), [check.name for check in checks], running={}, asks_machine=True)
        machine = FakeMachine(comes_up)
        plan = Plan(ladder, Limits(DEADLINE, DEADLINE), release="6.1.0", checks=checks, farewell="poweroff")
        return booted(machine, tmp_path, plan)[0]

    failed = came_to(Asks(name="first"), Asks(name="second", good=False))
    assert asked == ["first ('127.0.0.1', 22)", "second ('127.0.0.1', 22)"]
    assert [step.name for step in failed.reached][-1] == "first"
    assert failed.ruling.outcome is Outcome.SERVICE_FAILED
    assert "second failed: nobody there" in failed.ruling.cause
