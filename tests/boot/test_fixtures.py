"""A vendor's own tests: a booted machine as a fixture."""

from __future__ import annotations

import pytest

from harness.boot.dialogue import GuestGone
from harness.run.booted import BootedMachine


@pytest.mark.cell("arm64-cloud-virt")
def test_commands_run_in_the_guest(machine: BootedMachine) -> None:
    assert machine.run("uname -m").output == "aarch64"
    assert machine.run("echo one; echo two >&2; exit 3").status == 3
    assert machine.run("cat /proc/cmdline").output.startswith("console=ttyAMA0")
    assert [step.name for step in machine.milestones][-1] == "ready"


@pytest.mark.cell("arm64-cloud-virt")
def test_the_console_is_pexpect(machine: BootedMachine) -> None:
    console = machine.console
    console.sendline("echo $((6 * 7))")
    console.expect(rb"\r\n42\r\n", timeout=30)


@pytest.mark.cell("arm64-cloud-virt")
def test_a_wait_ends_when_the_guest_dies(machine: BootedMachine) -> None:
    machine.run("echo 1 >/proc/sys/kernel/sysrq")
    with pytest.raises(GuestGone, match="Kernel panic"):
        machine.run("echo c >/proc/sysrq-trigger", timeout=60)
