"""QEMU as a process and as a machine, real but with no guest: how it starts, what it tells, and that it always ends."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from harness.errors import HostError
from harness.machine.protocol import Fact, Port, Sink
from harness.machine.qemu import machine as machine_module
from harness.machine.qemu.argv import DiskFile, Media
from harness.machine.qemu.machine import QemuMachine
from harness.machine.qemu.process import Process, socket_pair
from harness.machine.qemu.qmp import ANSWER_TIMEOUT
from harness.plan.catalog import Catalog
from harness.words import Source

ROOT = Path(__file__).resolve().parents[3]
TARGET = Catalog().target("x86_64-baremetal-bios")


class Heard:
    """Everything a machine delivered, in order: facts, and the bytes of its lines as text."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.text: dict[Port, bytes] = {Port.CONSOLE: b"", Port.CHANNEL: b""}
        self.order: list[str] = []
        self.more = asyncio.Event()

    def sink(self) -> Sink:
        return Sink(self.received, self.happened)

    def received(self, port: Port, chunk: bytes) -> None:
        self.text[port] += chunk
        self.order.append(str(port))
        self.more.set()

    def happened(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.order.append(fact.kind)
        self.more.set()

    async def until(self, there: Callable[[], bool]) -> None:
        while not there():
            self.more.clear()
            await self.more.wait()


def run(main: Callable[[], Awaitable[None]], limit: float = 30) -> None:
    asyncio.run(asyncio.wait_for(main(), limit))  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only


def a_machine(tmp_path: Path, *, media: Media | None = None, binary: str | None = None) -> QemuMachine:
    disk = tmp_path / "disk0"
    disk.write_bytes(bytes(1 << 20))
    return QemuMachine(
        TARGET, media or Media(disks=(DiskFile(disk),)), accelerator="tcg", folder=tmp_path, binary=binary
    )


def script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "qemu-system-fake"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_life_of_a_machine(tmp_path: Path) -> None:
    async def main() -> None:
        heard, made = Heard(), a_machine(tmp_path)
        assert made.name == "q35"
        assert made.has_channel
        await made.power_on(heard.sink())
        pid = made.pid
        assert pid is not None
        await heard.until(lambda: b"SeaBIOS (version" in heard.text[Port.CONSOLE])
        assert heard.order[0] == "RESUME"  # listening before the first instruction
        assert made.held_back() >= 0
        made.write(Port.CONSOLE, b"x")
        made.write(Port.CHANNEL, b"x")
        facts = await made.inspect()
        assert facts[0].text.startswith("1 x ")
        assert facts[-1].kind == "inspection"
        await made.power_off()
        assert not alive(pid)
        assert made.pid is None
        shutdown, end = heard.facts[-2:]
        assert (shutdown.kind, shutdown.data["reason"]) == ("SHUTDOWN", "host-qmp-quit")
        assert (end.source, end.kind, end.data) == (Source.PROCESS, "exit", {"status": 0, "signal": None})
        assert heard.order[-1] == "exit"
        await made.power_off()
        assert made.held_back() == 0

    before = descriptors()
    run(main)
    assert descriptors() == before


def test_reset_button_does_not_end_the_machine(tmp_path: Path) -> None:
    async def main() -> None:
        heard, made = Heard(), a_machine(tmp_path)
        await made.power_on(heard.sink())
        await heard.until(lambda: b"SeaBIOS (version" in heard.text[Port.CONSOLE])
        seen = heard.text[Port.CONSOLE].count(b"SeaBIOS (version")
        await made.power_cycle()
        await heard.until(lambda: heard.text[Port.CONSOLE].count(b"SeaBIOS (version") > seen)
        resets = [fact for fact in heard.facts if fact.kind == "RESET"]
        assert resets[0].data == {"guest": False, "reason": "host-qmp-system-reset"}
        assert made.pid is not None
        await made.power_off()

    run(main)


def test_killed_from_outside(tmp_path: Path) -> None:
    async def main() -> None:
        heard, made = Heard(), a_machine(tmp_path)
        await made.power_on(heard.sink())
        assert made.pid is not None
        os.kill(made.pid, signal.SIGKILL)
        await heard.until(lambda: heard.order[-1:] == ["exit"])
        assert heard.facts[-1].data == {"status": None, "signal": "SIGKILL"}
        assert heard.facts[-1].text == "QEMU killed by SIGKILL"
        await made.power_off()
        assert heard.order.count("exit") == 1

    run(main)


def test_terminated_from_outside(tmp_path: Path) -> None:
    async def main() -> None:
        heard, made = Heard(), a_machine(tmp_path)
        await made.power_on(heard.sink())
        assert made.pid is not None
        os.kill(made.pid, signal.SIGTERM)
        await heard.until(lambda: heard.order[-1:] == ["exit"])
        assert [(fact.kind, fact.data.get("reason")) for fact in heard.facts[-2:]] == [
            ("SHUTDOWN", "host-signal"),
            ("exit", None),
        ]
        await made.power_off()

    run(main)


def test_stuck_machine_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "QUIT_GRACE", 0.2)
    monkeypatch.setattr(machine_module, "GRACE", 0.2)

    async def main() -> None:
        for graceful in (False, True):
            heard, made = Heard(), a_machine(tmp_path)
            await made.power_on(heard.sink())
            pid = made.pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            started = time.monotonic()
            await made.power_off(graceful=graceful)
            assert time.monotonic() - started < ANSWER_TIMEOUT / 2  # it does not wait for the monitor's answer
            assert not alive(pid)
            assert heard.facts[-1].data["signal"] == "SIGKILL"

    run(main)


def test_power_button_that_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "GRACE", 0.2)

    async def main() -> None:
        heard, made = Heard(), a_machine(tmp_path)
        await made.power_on(heard.sink())
        await made.power_off(graceful=True)
        assert heard.facts[-2].data["reason"] == "host-qmp-quit"

    run(main)


@pytest.mark.parametrize("phase", ["start", "off"])
def test_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: str) -> None:
    """Cancelled while it starts, or while it is switched off: the process is gone once power_off has returned."""

    async def main() -> None:
        heard, made = Heard(), a_machine(tmp_path)
        if phase == "start":
            task = asyncio.create_task(made.power_on(heard.sink()))
            await asyncio.sleep(0)  # one step: the process is started, its monitor not yet connected
        else:
            await made.power_on(heard.sink())
            assert made.pid is not None
            os.kill(made.pid, signal.SIGSTOP)
            task = asyncio.create_task(made.power_off())
            await asyncio.sleep(0.05)
        pid = made.pid
        assert pid is not None
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await made.power_off()
        assert not alive(pid)

    before = descriptors()
    run(main)
    assert descriptors() == before


def test_cancelled_twice(tmp_path: Path) -> None:
    """A second Ctrl-C while QEMU is being ended breaks nothing that waits for the same end."""

    async def main() -> None:
        process = Process(["sleep", "60"], inherit=[], cwd=tmp_path)
        waiter = asyncio.create_task(process.end())
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        process.kill()
        assert str(await process.end()) == "killed by SIGKILL"
        process.close()

    run(main)


def refused(tmp_path: Path, **more: object) -> str:
    async def main() -> None:
        heard, made = Heard(), a_machine(tmp_path, **more)  # type: ignore[arg-type]
        try:
            await made.power_on(heard.sink())
        finally:
            assert made.pid is None
            assert heard.facts == []

    before = descriptors()
    with pytest.raises(HostError) as caught:
        run(main)
    assert descriptors() == before
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


def test_exits_at_once(tmp_path: Path) -> None:
    text = refused(
        tmp_path, binary=script(tmp_path, "echo 'could not open disk:' >&2; printf '  no \\033[2Jspace\\n' >&2; exit 7")
    )
    assert "exited with status 7 before the machine could start: could not open disk:; no ?[2Jspace" in text


def test_dies_at_once_and_says_nothing(tmp_path: Path) -> None:
    text = refused(tmp_path, binary=script(tmp_path, "kill -SEGV $$"))
    assert "killed by SIGSEGV before the machine could start: it said nothing" in text


def test_is_no_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs, but never speaks QMP."""
    monkeypatch.setattr(machine_module, "QUIT_GRACE", 0.2)
    monkeypatch.setattr(machine_module.QemuMachine, "start_limit", 0.3)
    assert "killed by SIGKILL" in refused(tmp_path, binary=script(tmp_path, "exec sleep 60"))


def test_real_complaint(tmp_path: Path) -> None:
    media = Media(kernel=tmp_path / "nothing")
    text = refused(tmp_path, media=media)
    assert "exited with status 1" in text
    assert "could not open kernel file" in text or "could not load kernel" in text


@pytest.mark.parametrize("binary", ["/nowhere/qemu-system-x86_64", "qemu-system-of-no-arch"])
def test_missing_binary(tmp_path: Path, binary: str) -> None:
    text = refused(tmp_path, binary=binary)
    assert f"{binary} is not there" in text
    assert "install the package" in text


def test_binary_that_may_not_be_run(tmp_path: Path) -> None:
    path = tmp_path / "qemu-system-x86_64"
    path.write_bytes(b"")
    assert "is no program" in refused(tmp_path, binary=str(path))


def test_missing_setpriv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/qemu").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert "setpriv is missing" in refused(tmp_path, binary="qemu")


def test_stderr_is_bounded_and_its_end_kept(tmp_path: Path) -> None:
    async def main() -> None:
        process = Process(["sh", "-c", "yes complaint | head -c 100000 >&2; echo last >&2"], inherit=[], cwd=tmp_path)
        assert str(await process.end()) == "exited with status 0"
        await process.drained()
        assert process.stderr.endswith("; last")
        assert len(process.stderr) < 8000
        process.kill()  # no longer there: nothing happens
        process.close()

    run(main)


def test_sockets_are_big_enough_for_bursts() -> None:
    ours, theirs = socket_pair()
    assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= 200_000
    ours.close()
    theirs.close()


def test_harness_killed_by_sigkill_takes_its_qemu_along(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from harness.machine.protocol import Sink
from harness.machine.qemu.argv import Media
from harness.machine.qemu.qmp import ANSWER_TIMEOUT
from harness.machine.qemu.machine import QemuMachine
from harness.plan.catalog import Catalog

async def main():
    machine = QemuMachine(Catalog().target("raspi2b"), Media(), accelerator="tcg", folder=Path({str(tmp_path)!r}))
    await machine.power_on(Sink(lambda port, chunk: None, lambda fact: None))
    print(machine.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        watch = os.pidfd_open(pid)
        try:
            assert alive(pid)
            parent.kill()
            parent.wait()
            gone, _, _ = select.select([watch], [], [], 5)
            assert gone
        finally:
            os.close(watch)
