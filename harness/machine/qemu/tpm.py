"""A TPM 2.0 for one machine, by swtpm: new at each power-on, and gone with the machine."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness.errors import HostError
from harness.machine.protocol import Fact
from harness.machine.qemu.argv import TPM_SOCKET
from harness.machine.qemu.process import Process, socket_pair
from harness.words import Source

_SOCKET = ("socket", "--tpm2", "--terminate")


class Tpm:
    """A running swtpm. QEMU gets the other end of its control line, and hands it the one for commands itself."""

    def __init__(self, folder: Path) -> None:
        """Start it; its state goes to a folder of its own below `folder`. Raises HostError where it does not start."""
        program = shutil.which("swtpm")
        if program is None:
            raise HostError("swtpm is not installed, and the target has a TPM", hint="install the package swtpm")
        self._state = Path(tempfile.mkdtemp(prefix="tpm-", dir=folder))
        ours, self.control = socket_pair()
        argv = [
            program,
            *_SOCKET,
            "--tpmstate",
            f"dir={self._state}",
            "--ctrl",
            f"type=unixio,clientfd={ours.fileno()}",
        ]
        try:
            self._process = Process(argv, inherit=[ours], cwd=self._state)
        except BaseException:
            self.control.close()
            self._forget()
            raise
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The process id of swtpm."""
        return self._process.pid

    def watch(self, happened: Callable[[Fact], None]) -> None:
        """Tell of its end, should it come before `close`: the guest's TPM no longer answers then."""
        self._watch = asyncio.create_task(self._until_end(happened))

    async def _until_end(self, happened: Callable[[Fact], None]) -> None:
        how = await self._process.end()
        await self._process.drained()
        said = f": {self._process.stderr}" if self._process.stderr else ""
        # `program`, and neither `status` nor `signal`: those are QEMU's.
        happened(Fact(Source.PROCESS, "tpm-exit", f"the TPM (swtpm) {how}{said}", {"program": "swtpm"}))

    def let_go(self) -> None:
        """The machine ends: from here on the end of the TPM is no news."""
        if self._watch:
            self._watch.cancel()

    async def close(self) -> None:
        """End it and remove its state; the machine has ended before."""
        self.let_go()
        self._process.kill()
        await self._process.end()
        self._process.close()
        self._forget()

    def _forget(self) -> None:
        shutil.rmtree(self._state, ignore_errors=True)


def by_hand() -> str:
    """The command that has a TPM wait for a QEMU which is started by hand in the same folder."""
    words = [*_SOCKET, "--daemon", "--tpmstate", "dir=.", "--ctrl", f"type=unixio,path={TPM_SOCKET}"]
    return shlex.join(["swtpm", *words])
