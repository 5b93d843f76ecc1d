"""The probe: what it concludes from a QEMU that passes, fails, dies or hangs, and what it remembers."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import select
import signal
import stat
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HostError
from harness.machine.accel import Accelerator, probe, probe_async
from harness.machine.accel import probe as door
from harness.machine.accel.attempt import attempt, printable
from harness.machine.accel.canary import canary
from harness.machine.accel.host import fingerprint
from harness.words import Arch

OPENS = Path("/dev/null")  # a device that anybody may open, in place of /dev/kvm
PASSES = "printf RPELSW; exit 85"
KVM_GIVES_UP = "printf RPEL; echo 'KVM internal error. Suberror: 1' >&2; exec sleep 60"


class FakeQemu:
    """A script in place of QEMU that counts its canary starts and writes down its process id."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "qemu-system-fake"
        self.log = folder / "starts"

    def does(self, body: str) -> FakeQemu:
        script = f"""#!/bin/sh
if [ "$1" = --version ]; then echo 'QEMU emulator version 10.0.2 (Debian 1:10.0.2)'; exit 0; fi
echo "$$ $*" >>'{self.log}'
{body}
"""
        # Renamed into place: the descriptor of a concurrent fork would make writing in place "text file busy".
        fresh = self.path.with_suffix(".new")
        fresh.write_text(script)
        fresh.chmod(0o755)
        fresh.replace(self.path)
        return self

    @property
    def starts(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    @property
    def pids(self) -> list[int]:
        return [int(line.split()[0]) for line in self.starts]


@pytest.fixture
def fake(tmp_path: Path) -> FakeQemu:
    return FakeQemu(tmp_path)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def ask(fake: FakeQemu, cache: Path, **more: Any) -> Accelerator:
    return probe(Arch.X86_64, fake.path, cache, **{"device": OPENS, "host": Arch.X86_64, **more})


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


# What is decided without a guest


def test_foreign_architecture_needs_no_canary(fake: FakeQemu, cache: Path) -> None:
    found = ask(fake.does(PASSES), cache, host=Arch.ARM64)
    assert (found.name, found.reason) == ("tcg", "emulating x86_64 on an arm64 host")
    assert found.facts["opened"] is None
    assert fake.starts == []


def test_architecture_without_a_canary_is_not_trusted(fake: FakeQemu, cache: Path) -> None:
    found = probe(Arch.S390X, fake.does(PASSES).path, cache, device=OPENS, host=Arch.S390X)
    assert found.name == "tcg"
    assert "no canary guest exists for s390x" in found.reason
    assert fake.starts == []


def test_no_device(fake: FakeQemu, cache: Path, tmp_path: Path) -> None:
    found = ask(fake.does(PASSES), cache, device=tmp_path / "kvm")
    assert found.name == "tcg"
    assert f"there is no {tmp_path}/kvm" in found.reason
    assert found.facts["opened"] is False
    assert fake.starts == []


@pytest.mark.parametrize(("mode", "words"), [(0o660, "join the group '"), (0o600, "its mode is 0600, no group")])
def test_no_permission_names_the_remedy(fake: FakeQemu, monkeypatch: pytest.MonkeyPatch, mode: int, words: str) -> None:
    cache, device = fake.path.parent / "cache", fake.path.parent / "kvm"
    device.touch()
    device.chmod(mode)
    real_open = os.open

    def refuse(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if path == device:  # root is never refused, so the refusal is made here
            raise PermissionError(13, "Permission denied")
        return real_open(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    found = ask(fake.does(PASSES), cache, device=device)
    assert found.name == "tcg"
    assert f"no permission to open {device}" in found.reason
    assert words in found.reason
    assert fake.starts == []


def test_device_that_does_not_open(fake: FakeQemu, cache: Path, tmp_path: Path) -> None:
    found = ask(fake.does(PASSES), cache, device=tmp_path)  # a folder
    assert found.name == "tcg"
    assert "does not open: Is a directory" in found.reason


def test_missing_qemu_is_the_hosts_fault(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"cannot use .*/nowhere: No such file or directory; install QEMU"):
        probe(Arch.X86_64, tmp_path / "nowhere", cache, device=OPENS, host=Arch.X86_64)


# What guests prove


def test_canary_that_passes_means_kvm(fake: FakeQemu, cache: Path) -> None:
    found = ask(fake.does(PASSES), cache)
    assert (found.name, found.cpu) == ("kvm", "host")
    assert found.facts["canary"] == "passed"
    assert found.facts["qemu_version"] == "10.0.2"
    assert len(fake.starts) == 1
    assert "-accel kvm -cpu host" in fake.starts[0]


def test_right_status_without_the_guests_last_letter_is_no_pass(fake: FakeQemu, cache: Path) -> None:
    assert ask(fake.does("printf RPE; exit 85"), cache).name == "tcg"


def test_plain_cpu_model_may_work_where_the_hosts_does_not(fake: FakeQemu, cache: Path) -> None:
    body = f'case "$*" in *"-cpu host"*) echo "qemu-system-fake: no MSR" >&2; kill -ABRT $$;; esac; {PASSES}'
    found = ask(fake.does(body), cache)
    assert (found.name, found.cpu) == ("kvm", "qemu64")
    assert "with -cpu host it ended QEMU by SIGABRT: no MSR" in found.reason


def test_exit_status_and_message_are_in_the_reason(fake: FakeQemu, cache: Path) -> None:
    found = ask(fake.does("echo 'qemu-system-fake: warning: noise' >&2; echo 'no such thing' >&2; exit 1"), cache)
    assert found.name == "tcg"
    assert "ended QEMU with status 1: no such thing" in found.reason
    assert [one["result"] for one in found.facts["attempts"]] == ["failed", "failed"]


@pytest.mark.parametrize("name", ["ABRT", "SEGV", "KILL"])
def test_signal_is_named(fake: FakeQemu, cache: Path, name: str) -> None:
    found = ask(fake.does(f"kill -{name} $$"), cache)
    assert found.name == "tcg"
    assert f"ended QEMU by SIG{name}" in found.reason


def test_kvm_that_gives_up_is_reported_without_waiting_for_the_deadline(
    fake: FakeQemu, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["harness.machine.accel.probe"], "_DEADLINES", (30.0, 30.0))
    began = time.monotonic()
    found = ask(fake.does(KVM_GIVES_UP), cache)
    assert time.monotonic() - began < 20
    assert found.facts["canary"] == "internal-error"
    assert "KVM could not emulate an instruction (KVM internal error, suberror 1)" in found.reason
    assert all(gone(pid) for pid in fake.pids)


def test_hang_is_reported_in_time_and_leaves_nothing_running(
    fake: FakeQemu, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["harness.machine.accel.probe"], "_DEADLINES", (3.0, 1.5))
    began = time.monotonic()
    found = ask(fake.does("printf RPE; echo 'warning: noise' >&2; exec sleep 60"), cache)
    took = time.monotonic() - began
    assert found.name == "tcg"
    assert found.facts["canary"] == "hung"
    assert "hung for 3.0 s at the switch to 64-bit mode" in found.reason
    assert "noise" not in found.reason
    assert took < 30  # of the minute that the guest would hang
    assert len(fake.pids) == 2
    assert all(gone(pid) for pid in fake.pids)


def test_children_of_a_hanging_qemu_are_ended_too(fake: FakeQemu, tmp_path: Path) -> None:
    guest = canary(Arch.X86_64)
    assert guest is not None
    note = tmp_path / "child"
    fake.does(f"sleep 60 & echo $! >'{note}'; wait")
    assert attempt(fake.path, guest, "host", deadline=5.0).result == "hung"
    assert gone(int(note.read_text()))


def test_qemu_does_not_outlive_a_killed_harness(fake: FakeQemu, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    fake.does(f"echo $$ >'{ready}'; exec sleep 60")
    code = (
        "import sys; from pathlib import Path; from harness.machine.accel.attempt import attempt;"
        "from harness.machine.accel.canary import canary; from harness.words import Arch;"
        "attempt(Path(sys.argv[1]), canary(Arch.X86_64), 'host', deadline=50)"
    )
    root = Path(__file__).parents[3]
    harness = subprocess.Popen([sys.executable, "-c", code, str(fake.path)], cwd=root)
    try:
        pid = int(ready.read_text())
        watch = os.pidfd_open(pid)
    finally:
        harness.send_signal(signal.SIGKILL)
        harness.wait(10)
    try:
        assert select.select([watch], [], [], 10)[0], "QEMU outlived the harness"
    finally:
        os.close(watch)


def test_output_without_end_is_drained_and_bounded(fake: FakeQemu, cache: Path) -> None:
    found = ask(fake.does("yes '\033[31mred\a' | head -c 3000000 >&2; exit 1"), cache)
    assert "ended QEMU with status 1: [31mred" in found.reason
    assert found.reason.isprintable()
    assert len(found.reason) <= 600


def test_printable_is_one_bounded_line() -> None:
    assert printable(b"a\r\n\x1b[0mb\xff\x00c") == "a [0mb c"
    assert len(printable("x" * 1000)) == 200


def test_qemu_that_is_no_program(fake: FakeQemu, cache: Path) -> None:
    fake.path.write_bytes(b"\0\0not a program")
    fake.path.chmod(0o755)
    found = ask(fake, cache)
    assert found.name == "tcg"
    assert found.facts["canary"] == "failed"


def test_real_qemu_on_this_host_gives_a_verdict_with_its_evidence(cache: Path) -> None:
    """Whatever the truth is here, the sentence and the facts agree on it."""
    arch = {"x86_64": Arch.X86_64, "aarch64": Arch.ARM64}[platform.machine()]
    found = probe(arch, Path(f"/usr/bin/qemu-system-{arch.qemu}"), cache)
    json.dumps(asdict(found))
    assert found.reason.startswith(f"using {found.name.upper()}: ")
    assert (found.name == "kvm") == (found.facts["canary"] == "passed") == (found.cpu is not None)
    if found.facts["opened"]:
        assert found.facts["attempts"]
        assert found.facts["seconds"] < 2.5
    else:
        assert found.facts["canary"] is None


# What is remembered


def test_second_call_starts_nothing_and_says_the_same(fake: FakeQemu, cache: Path) -> None:
    first = ask(fake.does(PASSES), cache)
    again = ask(fake, cache)
    assert len(fake.starts) == 1
    assert (again.name, again.reason, again.cpu) == (first.name, first.reason, first.cpu)
    assert dict(again.facts) == {**first.facts, "remembered": True}


def test_failure_is_remembered_too(fake: FakeQemu, cache: Path) -> None:
    ask(fake.does("kill -ABRT $$"), cache)
    assert ask(fake, cache).facts["remembered"] is True
    assert len(fake.starts) == 2


@pytest.mark.parametrize(
    "body",
    [
        "echo 'ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy' >&2; exit 1",
        "kill -KILL $$",  # the memory killer
        "exec sleep 60",  # no instruction was ever seen to run: the host may just be slow
    ],
    ids=["busy", "killed", "never-started"],
)
def test_condition_of_the_moment_is_not_remembered(
    fake: FakeQemu, cache: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(sys.modules["harness.machine.accel.probe"], "_DEADLINES", (0.3, 0.3))
    ask(fake.does(body), cache)
    assert not cache.exists()
    assert ask(fake, cache).facts["remembered"] is False


def test_fresh_asks_again_and_replaces_what_was_known(fake: FakeQemu, cache: Path) -> None:
    ask(fake.does(PASSES), cache)
    file = next(cache.iterdir())
    record = json.loads(file.read_text())
    record["verdict"]["reason"] = "an old tale"
    file.write_text(json.dumps(record))
    assert ask(fake, cache).reason == "an old tale"
    assert ask(fake, cache, fresh=True).reason != "an old tale"
    assert ask(fake, cache).reason != "an old tale"
    assert len(fake.starts) == 2


def test_another_qemu_binary_is_asked_again(fake: FakeQemu, cache: Path) -> None:
    assert ask(fake.does(PASSES), cache).name == "kvm"
    assert ask(fake.does("kill -ABRT $$"), cache).name == "tcg"


def test_another_kernel_is_another_key(fake: FakeQemu, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.does(PASSES)
    before = fingerprint(fake.path, Arch.X86_64)
    assert before == fingerprint(fake.path, Arch.X86_64)
    now = os.uname()
    other = os.uname_result((now.sysname, now.nodename, "9.9.9", now.version, now.machine))
    monkeypatch.setattr(os, "uname", lambda: other)
    assert fingerprint(fake.path, Arch.X86_64) != before


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff\xfe{",
        b"[]",
        b"{" * 5000,
        b"[" * 60000,
        b'{"schema": 1}',
        lambda text: text[: len(text) // 2],
        lambda text: text.replace(b'"kvm"', b'"hax"'),
        lambda text: text.replace(b'"facts": {', b'"facts": 1, "x": {'),
        lambda text: text.replace(b'"schema": 1', b'"schema": 2'),
    ],
)
def test_damaged_memory_means_asking_again(fake: FakeQemu, cache: Path, damage: Any) -> None:
    ask(fake.does(PASSES), cache)
    file = next(cache.iterdir())
    whole = file.read_bytes()
    hurt = damage if isinstance(damage, bytes) else damage(whole)
    assert hurt != whole
    file.write_bytes(hurt)
    again = ask(fake, cache)
    assert (again.name, again.facts["remembered"]) == ("kvm", False)
    assert ask(fake, cache).facts["remembered"] is True


def test_memory_that_cannot_be_written_is_no_failure(fake: FakeQemu, tmp_path: Path) -> None:
    in_the_way = tmp_path / "cache"
    in_the_way.write_text("a file where the folder should be")
    found = ask(fake.does(PASSES), in_the_way)
    assert found.name == "kvm"
    assert "File exists" in found.facts["cache_error"]
    assert in_the_way.read_text() == "a file where the folder should be"


def test_nothing_half_written_is_left(fake: FakeQemu, cache: Path) -> None:
    ask(fake.does(PASSES), cache)
    assert [file.name for file in cache.iterdir()] == ["accelerator-x86_64.json"]
    assert stat.S_ISREG(next(cache.iterdir()).lstat().st_mode)


def test_device_that_went_away_beats_the_memory(fake: FakeQemu, cache: Path, tmp_path: Path) -> None:
    ask(fake.does(PASSES), cache)
    assert ask(fake, cache, device=tmp_path / "kvm").name == "tcg"


# Beside other work


def test_async_probe_leaves_the_loop_free(fake: FakeQemu, cache: Path) -> None:
    async def both() -> tuple[Accelerator, bool]:
        probing = asyncio.create_task(probe_async(Arch.X86_64, fake.path, cache, device=OPENS, host=Arch.X86_64))
        await asyncio.sleep(0)
        await asyncio.to_thread(go.write_text, "go\n")  # the guest waits for this
        return await probing, probing.done()

    go = fake.path.parent / "go"
    os.mkfifo(go)
    fake.does(f"read -r _ <'{go}'; {PASSES}")
    found, done = asyncio.run(both())
    assert (found.name, done) == ("kvm", True)


def test_public_door_is_the_probe_of_the_module() -> None:
    assert door is probe
