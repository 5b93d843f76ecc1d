"""Behind init: services, containers, full disks and clocks, and what is close to each and is none."""

from __future__ import annotations

import pytest

from harness.image.contents import Program
from harness.preflight.finding import Finding, Level
from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, RUN, Bench, initrd_with
from tests.unit.smallmachine import PROGRAMS

FAILED = Outcome.SERVICE_FAILED
STEP = "bootmatrix: step=service:web status=1 up=9.1"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("cp: write error: No space left on device", "guest-disk-full"),
        ("pci 0000:00:01.0: BAR 4: no space for [mem size 0x00004000]", "service-died"),
        ("exec /usr/bin/web: exec format error", "component-wrong-arch"),
        ("web: bad format of the configuration", "service-died"),
        ("curl: (60) SSL certificate problem: certificate is not yet valid", "clock-in-the-past"),
        ("x509: certificate has expired or is not yet valid: current time 1970-01-01T", "clock-in-the-past"),
        ("x509: certificate signed by unknown authority", "service-died"),
        ("rtc-pl031 9010000.pl031: setting system clock to 2026-11-24T11:00:00 UTC", "service-died"),
        ("connect: Network is unreachable", "network-down"),
        ("eth0: link up", "service-died"),
    ],
)
def test_what_a_program_says(bench: Bench, line: str, wanted: str) -> None:
    cause = bench.cause(FAILED, BANNER, RUN, line, STEP, line=STEP)
    assert cause
    assert cause.id == wanted
    assert line in cause.evidence
    assert STEP in cause.evidence


def test_a_clock_that_was_set_so(bench: Bench) -> None:
    clock = "rtc-pl031 9010000.pl031: setting system clock to 1970-01-01T00:00:03 UTC (3)"
    line = "wget: certificate is not yet valid"
    cause = bench.cause(FAILED, BANNER, clock, RUN, line)
    assert cause
    assert cause.evidence == (line, clock)


@pytest.mark.parametrize(
    ("line", "drop", "symbol"),
    [
        ("mount: mounting overlay on /containers/x failed: No such device", "OVERLAY_FS", "CONFIG_OVERLAY_FS"),
        ("runc: cgroups: cgroup mountpoint does not exist", "MEMCG", "CONFIG_MEMCG"),
        ("mount: mounting cgroup2 on /sys/fs/cgroup failed: No such device", "CGROUPS", "CONFIG_CGROUPS"),
        ("nsenter: failed to unshare namespaces: Invalid argument", "PID_NS", "CONFIG_PID_NS"),
        ("seccomp: config provided but seccomp not supported", "SECCOMP_FILTER", "CONFIG_SECCOMP_FILTER"),
    ],
)
def test_what_containers_need(bench: Bench, line: str, drop: str, symbol: str) -> None:
    cause = bench.cause(FAILED, BANNER, RUN, line, STEP, facts=bench.facts(drop=drop))
    assert cause
    assert (cause.id, cause.next) == ("container-support-missing", f"set {symbol}=y")
    assert cause.evidence == (line, f"{symbol} is not set", STEP)
    assert bench.id(FAILED, BANNER, RUN, line, STEP) == "service-died"  # the kernel has it
    assert bench.id(FAILED, BANNER, RUN, line, STEP, facts=bench.facts(config=None)) == "container-support-missing"


def test_what_the_command_line_takes_from_containers(bench: Bench) -> None:
    runc = "error setting cgroup config for procHooks process: openat2 /sys/fs/cgroup/agent/memory.max"
    line = f"agent: ctr: failed to create shim task: OCI runtime create failed: {runc}: no such file or directory"
    facts = bench.facts(cmdline=("console=ttyAMA0", "cgroup_disable=memory"))
    cause = bench.cause(FAILED, BANNER, RUN, line, STEP, facts=facts)
    assert cause
    assert (cause.id, cause.evidence) == ("container-support-missing", (line, "cgroup_disable=memory", STEP))
    assert bench.id(FAILED, BANNER, RUN, STEP, facts=facts) == "service-died"  # nothing was said of control groups


def test_what_preflight_knew_of_containers(bench: Bench) -> None:
    found = Finding(Level.ERROR, "CONFIG_MEMCG is not set", "x", "CONFIG_MEMCG", cause="container-support-missing")
    assert bench.id(FAILED, BANNER, RUN, STEP, findings=(found,)) == "container-support-missing"
    other = "bootmatrix: step=metadata status=1 up=1 dev=/dev/vda"
    assert bench.id(FAILED, BANNER, RUN, other, findings=(found,)) == "service-died"


def test_a_step_that_failed(bench: Bench) -> None:
    line = "bootmatrix: step=containerd status=1 up=9.0 reason=no_such_socket"
    cause = bench.cause(FAILED, BANNER, RUN, "containerd: cannot bind", line, line=line)
    assert cause
    assert cause.text == "the step containerd failed with status 1 (no_such_socket)"
    assert cause.evidence == (line, BANNER, RUN, "containerd: cannot bind")


def test_a_unit_that_failed(bench: Bench) -> None:
    exited = "systemd[1]: web.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED"
    start = "[FAILED] Failed to start The web."
    cause = bench.cause(FAILED, BANNER, start, exited)
    assert cause
    assert cause.text == "the service web.service failed (exited, status 3/NOTIMPLEMENTED)"
    assert cause.evidence == (exited, start)


def test_steps_that_went_well(bench: Bench) -> None:
    assert bench.id(FAILED, BANNER, RUN, "bootmatrix: step=init status=0 up=1 kernel=6.1") is None


@pytest.mark.parametrize("line", ["/usr/bin/agent: line 1: ELF: not found", "/usr/bin/agent:"])
def test_a_program_that_a_shell_takes_for_a_script(bench: Bench, line: str) -> None:
    """The panic may cut its complaint short."""
    panic = "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100"

    def found(**program: str) -> str | None:
        programs = PROGRAMS | {"usr/bin/agent": Program(**program)}
        facts = bench.facts(initrd=initrd_with(programs=programs))
        return bench.id(Outcome.INIT_DIED, BANNER, RUN, line, panic, facts=facts, line=panic)

    assert found(kind="elf", arch="x86_64") == "component-wrong-arch"
    assert found(kind="elf", arch="arm64") == "init-exited"
    assert found(kind="script", interpreter="/bin/sh") == "init-exited"


def test_a_service_that_dies_again_and_again_is_no_mere_hang(bench: Bench) -> None:
    """Of a user's image nothing is awaited but its own words, so that its boot ends in a hang."""
    end = "bootmatrix: step=service-end:agent status=5 up=5.1 restarts=1 pause=1"
    cause = bench.cause(Outcome.HANG, BANNER, RUN, "no licence found", end)
    assert cause
    assert (cause.id, cause.evidence[:2]) == ("service-died", (end, BANNER))
    assert "no licence found" in cause.evidence
    unit = "app.service: Main process exited, code=exited, status=203/EXEC"
    assert bench.id(Outcome.HANG, BANNER, RUN, unit) == "service-died"
    assert bench.id(Outcome.HANG, BANNER, RUN, "all is well") is None
