"""A console that shows nothing of a kernel that ran: each cause, and what is close to it and is none."""

from __future__ import annotations

from typing import Any

import pytest

from harness.forensics.findings import Cpu
from harness.preflight.finding import Finding, Level
from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, Bench

PORT = "9000000.pl011: ttyAMA0 at MMIO 0x9000000 (irq = 13, base_baud = 0) is a PL011 rev1"
ENABLED = "printk: console [ttyAMA0] enabled"


def log(*lines: str, console: str = "console=ttyAMA0") -> dict[str, Any]:
    memory = (BANNER, f"Kernel command line: {console} panic=0", PORT, *lines, "Run /init as init process")
    return {"memory": memory, "line": "the console stayed empty"}


def test_it_is_sent_elsewhere(bench: Bench) -> None:
    cause = bench.cause(Outcome.NO_OUTPUT, **log(console="console=ttyS1,115200 console=tty0"))
    assert cause
    assert (cause.id, cause.next) == ("console-wrong", "use console=ttyAMA0")
    assert "console=ttyS1, console=tty0 is not the machine's console" in cause.text
    assert "Kernel command line: console=ttyS1,115200 console=tty0 panic=0" in cause.evidence
    assert "its last: Run /init as init process" in cause.evidence


def test_it_is_sent_nowhere(bench: Bench) -> None:
    cause = bench.cause(Outcome.HANG, "SeaBIOS (version 1.16.2)", **log(console=""))
    assert cause
    assert (cause.id, cause.next) == ("console-missing", "add console=ttyAMA0 to the command line")


def test_the_port_is_another(bench: Bench) -> None:
    facts = bench.facts(target=bench.target(console={"device": "ttyS5"}))
    cause = bench.cause(Outcome.NO_OUTPUT, **log(console="console=ttyS5"), facts=facts)
    assert cause
    assert cause.id == "console-wrong"
    assert "has no port ttyS5; it has ttyAMA0" in cause.text


def test_its_driver_is_missing(bench: Bench) -> None:
    what = "CONFIG_SERIAL_AMBA_PL011_CONSOLE is not set"
    found = Finding(Level.ERROR, what, "it", "CONFIG_SERIAL_AMBA_PL011_CONSOLE", cause="console-missing")
    cause = bench.cause(Outcome.NO_OUTPUT, findings=(found,), **log())
    assert cause
    assert (cause.id, cause.next) == ("console-missing", "set CONFIG_SERIAL_AMBA_PL011_CONSOLE=y")
    assert cause.evidence[0] == what


def test_it_was_lost_on_the_way(bench: Bench) -> None:
    fields = log(ENABLED, *(f"line {number}" for number in range(20)))
    assert bench.id(Outcome.HANG, BANNER, PORT, ENABLED, "line 0", **fields) == "console-lost"
    quiet = bench.facts(cmdline=("console=ttyAMA0", "quiet"))
    assert bench.id(Outcome.HANG, **fields, facts=quiet) == "console-quiet"


def test_a_console_that_showed_it_all_is_none(bench: Bench) -> None:
    fields = log(ENABLED)
    assert bench.id(Outcome.HANG, *fields["memory"], **fields) is None


def test_without_proof_nothing_is_claimed(bench: Bench) -> None:
    facts = bench.facts(cmdline=("console=ttyS1",))
    known: dict[str, Any] = {"facts": facts}
    assert bench.id(Outcome.NO_OUTPUT, **known) is None
    low = (Cpu(0x200, None, moves=False, interrupts=False),)
    assert bench.id(Outcome.NO_OUTPUT, cpus=low, **known) is None
    kernel = (Cpu(0xFFFFB29919BAF4FC, None, moves=False, interrupts=True),)
    cause = bench.cause(Outcome.NO_OUTPUT, cpus=kernel, **known)
    assert cause
    assert cause.id == "console-wrong"
    assert cause.evidence[1].startswith("a CPU is in kernel code: 0xffffb29919baf4fc")


def test_what_init_is_started_with_is_of_a_level_that_no_console_shows(bench: Bench) -> None:
    fields = log(ENABLED)
    memory = (*fields["memory"], "with arguments:", "/init", "with environment:", "HOME=/", "TERM=linux")
    assert bench.id(Outcome.HANG, *fields["memory"], memory=memory) is None
    assert bench.id(Outcome.HANG, *fields["memory"], memory=(*memory, "a b", "c d", "e f")) == "console-lost"


def test_a_cpu_of_a_kernel_that_was_heard_proves_nothing(bench: Bench) -> None:
    facts = bench.facts(cmdline=("console=ttyS1",))
    cpus = (Cpu(0xFFFFB29919BAF4FC, "spin+0x1", moves=False, interrupts=True),)
    assert bench.id(Outcome.HANG, BANNER, cpus=cpus, facts=facts) is None


def test_another_boards_tree(bench: Bench) -> None:
    what = "the device tree is that of raspberrypi,3-model-b"
    found = Finding(Level.WARNING, what, "QEMU's virt machine has others", cause="wrong-dtb", hint="leave --dtb out")
    cause = bench.cause(Outcome.NO_OUTPUT, findings=(found,), line="the console stayed empty")
    assert cause
    assert (cause.id, cause.next) == ("wrong-dtb", "leave --dtb out")
    assert bench.id(Outcome.SERVICE_FAILED, BANNER, findings=(found,)) == "wrong-dtb"
    assert bench.id(Outcome.INIT_DIED, BANNER, findings=(found,)) is None  # it got that far with it


@pytest.mark.parametrize(
    "line", ["Error: invalid dtb and unrecognized/unsupported machine ID", "Invalid device tree blob"]
)
def test_a_tree_that_is_refused(bench: Bench, line: str) -> None:
    assert bench.id(Outcome.HANG, line) == "wrong-dtb"
