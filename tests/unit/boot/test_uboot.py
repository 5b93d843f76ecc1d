"""The conversation with U-Boot, against one that echoes, loses characters, and refuses."""

from __future__ import annotations

import threading

import pytest

from harness.boot.dialogue import GuestGone, LineSpawn
from harness.boot.preamble import Refused
from harness.boot.uboot import LONGEST, UBootScript

START = b"\r\nU-Boot 2025.01\r\n\r\nHit any key to stop autoboot:  2 "


class Loader:
    """Answers what is written to it as U-Boot does. `loses`: how many characters of its input are lost."""

    def __init__(self, *, prompt: bytes = b"=> ", loses: int = 0, refuses: str = "") -> None:
        self.prompt, self.loses, self.refuses = prompt, loses, refuses
        self.line = b""
        self.stopped = False
        self.commands: list[str] = []
        self.spawn = LineSpawn(self.written, timeout=5)
        self.spawn.feed(START)

    def written(self, data: bytes) -> None:
        if not self.stopped:
            assert data == b" ", "nothing is typed before the autoboot is stopped"
            self.stopped = True
            self.spawn.feed(b"\x08\x08\x08 0 \r\n" + self.prompt)
            return
        for byte in (bytes([value]) for value in data):
            self.typed(byte)

    def typed(self, byte: bytes) -> None:
        if byte == b"\x03":
            self.line = b""
            self.spawn.feed(b"<INTERRUPT>\r\n" + self.prompt)
        elif byte == b"\n":
            command, _, status = self.line.decode().partition("; echo status=")
            self.line = b""
            self.commands.append(command)
            self.spawn.feed(b"\r\n")
            if status:
                bad = bool(self.refuses) and self.refuses in command
                said = f"** Unable to read file **\r\nFailed to load 'kernel'\r\nstatus={int(bad)}\r\n"
                self.spawn.feed((said if bad else "status=0\r\n").encode() + self.prompt)
        elif self.loses:
            self.loses -= 1
        else:
            self.line += byte
            self.spawn.feed(byte)


def talk(loader: Loader, *script: str) -> list[str]:
    """What was told on the way. A conversation that gets stuck fails: nobody else ends its waits here."""
    done: list[str] = []
    alarm = threading.Timer(20, loader.spawn.hang_up, ["stuck"])
    alarm.start()
    try:
        UBootScript(script, "prepared")(loader.spawn, done.append)
    finally:
        alarm.cancel()
    return done


SCRIPT = ("setenv bootargs 'console=ttyAMA0 panic=0'", "load virtio 0:1 $kernel_addr_r kernel", "booti $kernel_addr_r")


@pytest.mark.parametrize("prompt", [b"=> ", b"U-Boot> "])
def test_every_command_is_given_in_order(prompt: bytes) -> None:
    loader = Loader(prompt=prompt)
    assert talk(loader, *SCRIPT) == ["prepared"]
    assert loader.commands == list(SCRIPT)


def test_a_lost_character_is_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.boot.uboot._ECHO", 0.05)
    loader = Loader(loses=1)
    talk(loader, *SCRIPT)
    assert loader.commands == list(SCRIPT)


def test_a_line_that_loses_everything_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.boot.uboot._ECHO", 0.02)
    with pytest.raises(Refused, match="loses what is typed"):
        talk(Loader(loses=10**6), *SCRIPT)


def test_a_command_that_fails_ends_it_with_the_loaders_last_word() -> None:
    loader = Loader(refuses="load virtio")
    with pytest.raises(
        Refused, match=r"^Failed to load 'kernel' \(expected status 0, not 1, of U-Boot's load virtio 0:1"
    ):
        talk(loader, *SCRIPT)
    assert loader.commands == list(SCRIPT[:2]), "nothing is started after that"


def test_a_machine_that_dies_ends_the_wait() -> None:
    spawn = LineSpawn(lambda _: None)
    spawn.hang_up("killed by SIGKILL")
    with pytest.raises(GuestGone, match="SIGKILL"):
        UBootScript(SCRIPT, "prepared")(spawn, lambda _: None)


def test_the_longest_command_fits_into_its_line() -> None:
    loader = Loader()
    talk(loader, "x" * (LONGEST - 20), "booti")
    assert len(loader.commands[0]) == LONGEST - 20
