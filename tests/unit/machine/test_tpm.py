"""The TPM's emulator: its end is told while the machine runs, and nothing of it is left afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from harness.errors import HostError
from harness.machine.protocol import Fact
from harness.machine.qemu.tpm import Tpm, by_hand


def test_its_end_is_told(tmp_path: Path) -> None:
    async def main() -> list[Fact]:
        told: asyncio.Queue[Fact] = asyncio.Queue()
        tpm = Tpm(tmp_path)
        tpm.watch(told.put_nowait)
        os.kill(tpm.pid, signal.SIGKILL)
        fact = await told.get()
        await tpm.close()
        return [fact, *(told.get_nowait() for _ in range(told.qsize()))]

    (fact,) = asyncio.run(main())
    assert (fact.kind, fact.text) == ("tpm-exit", "the TPM (swtpm) killed by SIGKILL")
    assert "signal" not in fact.data  # which would be QEMU's


def test_nothing_is_told_and_nothing_left_of_one_that_was_closed(tmp_path: Path) -> None:
    told: list[Fact] = []

    async def main() -> int:
        tpm = Tpm(tmp_path)
        tpm.watch(told.append)
        pid = tpm.pid
        os.kill(pid, 0)
        await tpm.close()
        tpm.control.close()
        return pid

    pid = asyncio.run(main())
    assert told == []
    assert list(tmp_path.iterdir()) == []
    assert not Path(f"/proc/{pid}").exists()


def test_a_host_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="swtpm is not installed"):
        Tpm(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_by_hand_it_waits_where_qemu_looks_for_it() -> None:
    assert "type=unixio,path=tpm.sock" in by_hand().split()
