"""Whole logs: what decides, in which boot, on which line, however the bytes come."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.diagnosis.diagnoser import Diagnoser, diagnose
from harness.diagnosis.diagnosis import Diagnosis
from harness.words import Outcome

LOGS = sorted((Path(__file__).parent / "logs").glob("*.log"))
BANNER = "[    0.000000] Linux version 6.12.1 (builder@host) (gcc) #1\n"
PANIC = "[    2.000000] Kernel panic - not syncing: of nothing\n"


def told(text: str) -> Diagnosis:
    return diagnose(text.encode())


@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.stem)
def test_healthy_boots_are_ready(log: Path) -> None:
    found = diagnose(log.read_bytes())
    assert found.outcome is Outcome.READY
    assert {"kernel", "init", "ready", "poweroff"} <= {step.name for step in found.milestones}
    assert not found.warnings
    assert len(found.boots) == 1


def test_version_and_lines() -> None:
    found = told("SeaBIOS (version 1.16)\n" + BANNER + "[    1.0] Run /init as init process\nhost login: ")
    assert [(step.name, step.line, step.detail) for step in found.milestones] == [
        ("firmware", 1, "1.16"),
        ("kernel", 2, "6.12.1"),
        ("init", 3, "/init"),
        ("login", 4, ""),
    ]
    assert (found.outcome, found.line) == (Outcome.READY, 4)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r\r\n"])
def test_line_endings(ending: str) -> None:
    found = told((BANNER + "[    1.0] fine\n" + PANIC).replace("\n", ending))
    assert (found.outcome, found.line, found.title) == (
        Outcome.KERNEL_PANIC,
        3,
        "Kernel panic - not syncing: of nothing",
    )


def test_the_last_boot_decides() -> None:
    found = told(BANNER + PANIC + "SeaBIOS (version 1.16)\n" + BANNER + "host login: ")
    assert found.outcome is Outcome.READY
    assert [boot.outcome for boot in found.boots] == [Outcome.KERNEL_PANIC, Outcome.READY]
    assert [(boot.first_line, boot.last_line) for boot in found.boots] == [(1, 2), (3, 5)]


def test_a_boot_that_hardly_began_does_not_hide_the_panic_before() -> None:
    found = told(BANNER + PANIC + BANNER + "[    0.1] Memory: 1K\n")
    assert (found.outcome, found.line, found.decided) == (Outcome.KERNEL_PANIC, 2, 0)


def test_the_capture_kernel_belongs_to_the_crash() -> None:
    capture = "[    0.000000] Kernel command line: root=/dev/sda1 elfcorehdr=0x73000000\nhost login: "
    found = told(BANNER + PANIC + BANNER + capture)
    assert found.outcome is Outcome.KERNEL_PANIC


def test_a_printed_log_is_no_boot() -> None:
    found = told(BANNER + "host login: root\nroot@host:~# dmesg\n" + BANNER + "[    1.0] fine\nroot@host:~# ")
    assert (found.outcome, len(found.boots)) == (Outcome.READY, 1)


def test_a_console_that_repeats_the_log_is_no_boot() -> None:
    found = told(BANNER + "[    0.1] printk: console [ttyS0] enabled\n" + BANNER + "host login: ")
    assert (found.outcome, len(found.boots)) == (Outcome.READY, 1)


def test_reset_loop() -> None:
    found = told((BANNER + "[    0.2] Memory: 1K\n") * 4)
    assert (found.outcome, len(found.boots)) == (Outcome.RESET_LOOP, 4)


def test_restarts_that_came_up_are_no_loop() -> None:
    once = BANNER + "host login: \n[    9.0] reboot: Restarting system\n"
    assert told(once * 4).outcome is Outcome.READY


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("** Unable to read file boot.scr **\nStarting kernel ...\n" + BANNER + "x login: ", Outcome.READY),
        ("Wrong Image Format for bootm command\n=> boot\nStarting kernel ...\n", Outcome.INCOMPLETE),
        ("Starting kernel ...\nWrong Image Format for bootm command\n=> ", Outcome.BOOTLOADER_FAILURE),
        ("Bad Linux ARM64 Image magic!\n## Transferring control to Linux (at address 7) ...\n", Outcome.INCOMPLETE),
        ("error: no such device: 1234.\n" + BANNER + "x login: ", Outcome.READY),
        ("error: no such device: 1234.\ngrub rescue> ", Outcome.BOOTLOADER_FAILURE),
        ("Card did not respond to voltage select!\nTFTP from server\n", Outcome.INCOMPLETE),
        ("Card did not respond to voltage select!\n=> ", Outcome.BOOTLOADER_FAILURE),
        ("Retry count exceeded; starting again\n", Outcome.BOOTLOADER_FAILURE),
        ("Retry count exceeded; starting again\nTFTP from server\n", Outcome.INCOMPLETE),
        ("Retry count exceeded; starting again\nTegra124 (Jetson TK1) # ", Outcome.BOOTLOADER_FAILURE),
        ("Retry count exceeded; starting again\nU-Boot# ", Outcome.BOOTLOADER_FAILURE),
        ("Retry count exceeded; starting again\nam335x-evm> ", Outcome.BOOTLOADER_FAILURE),
        (BANNER + "[    2.0] Waiting for root device /dev/sda1...\n", Outcome.NO_ROOTFS),
        (BANNER + "Waiting for root device /dev/sda1...\nVFS: Mounted root (ext4 filesystem)\n", Outcome.INCOMPLETE),
        (BANNER + "You are in emergency mode.\n", Outcome.EMERGENCY_SHELL),
        (BANNER + "You are in emergency mode.\n\nhost login: ", Outcome.READY),
        (BANNER + "[FAILED] Failed to start Sample.\nhost login: ", Outcome.READY),
        (BANNER + "Run /init as init process\n[    9.0] reboot: Power down\n", Outcome.POWERED_OFF),
        (BANNER + "[    9.0] bootmatrix: step=network status=3 up=9\n", Outcome.SERVICE_FAILED),
        (BANNER + "[    9.0] hog invoked oom-killer: gfp\nMemory cgroup out of memory: Killed process 1 (x)\n"
         "x login: ", Outcome.READY),
        (BANNER + "BUG: KASAN: slab-use-after-free in f+0x1/0x2\nx login: ", Outcome.OOPS),
        (BANNER + "[   30.0] rcu: INFO: rcu_sched self-detected stall on CPU\n[   60.0] Kernel panic - not syncing: "
         "RCU Stall\n", Outcome.RCU_STALL),
        (BANNER + "[    1.4] ehci is here\n[    1.5]\n[    1.590483]", Outcome.INCOMPLETE),
        ("spl: mmc init failed with error: -70\nTrying to boot from USB\nU-Boot 2024.01\n", Outcome.INCOMPLETE),
        ("", Outcome.NO_OUTPUT),
        ("\r\n\r\n", Outcome.NO_OUTPUT),
    ],
)  # fmt: skip
def test_what_decides(text: str, outcome: Outcome) -> None:
    assert told(text).outcome is outcome


def test_a_stall_is_told_by_its_first_report() -> None:
    found = told("fine\n[   30.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [x:1]\n[   31.0] Kernel panic - "
                 "not syncing: softlockup: hung tasks\n")  # fmt: skip
    assert (found.outcome, found.line) == (Outcome.LOCKUP, 2)


def test_a_panic_names_the_fault_before_it() -> None:
    found = told("[    2.0] kernel BUG at mm/sample.c:7!\n[    2.1] Kernel panic - not syncing: Fatal exception\n")
    assert (found.outcome, found.line) == (Outcome.KERNEL_PANIC, 2)
    assert "after kernel BUG at mm/sample.c:7" in found.cause


def test_what_was_tried_in_vain_at_the_end_is_told_from_its_begin() -> None:
    found = told("Card did not respond to voltage select!\nTFTP from server\nreading\ndone\n\n"
                 "Card did not respond to voltage select!\nCouldn't find partition mmc 7\nCan't set block device\n"
                 "Card did not respond to voltage select!\n")  # fmt: skip
    assert (found.outcome, found.line) == (Outcome.BOOTLOADER_FAILURE, 6)


def test_warnings_stay_apart_and_are_counted() -> None:
    found = told("[    1.0] irq 9: nobody cared\n" * 3 + "x login: ")
    assert [(each.title, each.count, each.line) for each in found.warnings] == [("irq 9: nobody cared", 3, 1)]


def test_two_processors_at_once() -> None:
    text = (
        "[    5.1][    C0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [x:1]\n"
        "[    5.1][    C1] general protection fault, probably for non-canonical address 0xdead: 0000 [#1]\n"
        "[    5.1][    C0] RIP: 0010:spin_here+0x10/0x20\n"
    )
    found = told(text)
    assert (found.outcome, found.line) == (Outcome.OOPS, 2)


@pytest.mark.parametrize(
    ("data", "note"),
    [(b"\x1f\x8b\x08\x00" + b"\x11" * 50, "gzip"), (b"\x7fELF\x02\x01\x01" + b"\0\x03" * 90, "ELF"), (b"", "empty")],
)
def test_what_is_no_log(data: bytes, note: str) -> None:
    found = diagnose(data)
    assert note in found.note
    assert found.boots[-1].finding is None


LOG = (BANNER * 1 + "".join(f"[    1.{n:06d}] driver {n} is here\n" for n in range(300)) + PANIC).encode()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4000), max_size=40))
def test_cuts_change_nothing(sizes: list[int]) -> None:
    diagnoser = Diagnoser()
    rest = LOG
    for size in sizes:
        diagnoser.feed(rest[:size])
        rest = rest[size:]
    diagnoser.feed(rest)
    assert diagnoser.finish() == diagnose(LOG)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(LOGS))
def test_mutations_of_our_own_logs_never_crash(seed: int, log: Path) -> None:
    chance = random.Random(seed)  # noqa: S311
    data = bytearray(log.read_bytes())
    for _ in range(chance.randrange(1, 40)):
        place = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[place : place + chance.randrange(200)] = b""
            case 1:
                data[place:place] = chance.randbytes(chance.randrange(20))
            case 2:
                data[place] = chance.randrange(256)
            case 3:
                other = chance.randrange(len(data))
                data[place:place] = data[other : other + 300]
            case _:
                data[place:place] = chance.choice([b"\x1b[", b"[    1.", b"\r", b"\0", b"Linux version ", b"\n=> "])
    found = diagnose(bytes(data))
    lines = data.count(b"\n") + 1
    assert found.line is None or 1 <= found.line <= lines
    assert all(1 <= step.line <= lines for step in found.milestones)
    assert [boot.first_line for boot in found.boots] == sorted(boot.first_line for boot in found.boots)
