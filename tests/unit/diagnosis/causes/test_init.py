"""The first program: each cause, and what is close to it and is none."""

from __future__ import annotations

import pytest

from harness.image.contents import Program
from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, RUN, Bench, initrd_with
from tests.unit.smallmachine import PROGRAMS

NO_INIT = "Kernel panic - not syncing: No working init found.  Try passing init= option to kernel."
ROOT = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"


def failed(error: int) -> str:
    return f"Failed to execute /init (error -{error})"


def killed(code: int) -> str:
    return f"Kernel panic - not syncing: Attempted to kill init! exitcode=0x{code:08x}"


def test_not_executable(bench: Bench) -> None:
    cause = bench.cause(Outcome.INIT_DIED, BANNER, RUN, failed(13), NO_INIT)
    assert cause
    assert (cause.id, cause.evidence) == ("init-not-executable", (failed(13),))
    assert bench.id(Outcome.INIT_DIED, BANNER, RUN, failed(5), NO_INIT) != "init-not-executable"


@pytest.mark.parametrize(
    ("programs", "drop", "wanted"),
    [
        ({"init": Program("elf", "x86_64")}, "", "init-wrong-arch"),
        (PROGRAMS | {"bin/busybox": Program("elf", "x86_64")}, "", "init-wrong-arch"),
        ({"init": Program("elf", "armhf")}, "", "init-wrong-arch"),  # COMPAT is not set
        ({"init": Program("elf", "arm64")}, "", None),
        ({"init": Program("other")}, "", "init-not-executable"),
        ({"init": Program("elf", "arm64")}, "BINFMT_ELF", "elf-support-missing"),
        (PROGRAMS, "BINFMT_SCRIPT", "script-support-missing"),
        (PROGRAMS, "BINFMT_ELF", "elf-support-missing"),
        (PROGRAMS, "", None),
    ],
)  # fmt: skip
def test_a_format_the_kernel_refuses(bench: Bench, programs: dict[str, Program], drop: str, wanted: str | None) -> None:
    facts = bench.facts(drop=drop, initrd=initrd_with(programs=programs))
    cause = bench.cause(Outcome.INIT_DIED, BANNER, RUN, failed(8), NO_INIT, facts=facts)
    assert (cause.id if cause else None) == wanted
    if cause:
        assert cause.evidence[0] == failed(8)


@pytest.mark.parametrize(
    ("program", "named"),
    [
        (Program("elf", "arm64", "/lib/ld-linux-aarch64.so.1"), "/lib/ld-linux-aarch64.so.1"),
        (Program("script", interpreter="/bin/bash"), "/bin/bash"),
    ],
)
def test_what_runs_it_is_not_there(bench: Bench, program: Program, named: str) -> None:
    facts = bench.facts(initrd=initrd_with(programs={**PROGRAMS, "init": program}))
    cause = bench.cause(Outcome.INIT_DIED, BANNER, RUN, failed(2), NO_INIT, facts=facts)
    assert cause
    assert cause.id == "init-interpreter-missing"
    assert named in cause.text


def test_a_library_is_not_there(bench: Bench) -> None:
    line = "/init: error while loading shared libraries: libc.so.6: cannot open shared object file: No such file"
    cause = bench.cause(Outcome.INIT_DIED, BANNER, RUN, line, killed(0x7F00))
    assert cause
    assert (cause.id, cause.evidence) == ("init-interpreter-missing", (line,))
    assert bench.id(Outcome.HANG, BANNER, RUN, line) is None  # it need not have been init


def test_a_program_that_nobody_has_looked_into(bench: Bench) -> None:
    facts = bench.facts(drop="BINFMT_ELF", initrd=initrd_with(programs={}))
    assert bench.id(Outcome.INIT_DIED, BANNER, RUN, failed(8), NO_INIT, facts=facts) is None


def test_the_program_at_fault_is_the_one_that_is_named(bench: Bench) -> None:
    cause = bench.cause(Outcome.INIT_DIED, BANNER, RUN, failed(8), NO_INIT, facts=bench.facts(drop="BINFMT_ELF"))
    assert cause
    assert cause.text == "the kernel cannot run /bin/sh, which is an ELF program: CONFIG_BINFMT_ELF is not set"


def test_a_format_that_a_kernel_runs_besides_its_own(bench: Bench) -> None:
    facts = bench.facts(add="COMPAT", initrd=initrd_with(programs={"init": Program("elf", "armhf")}))
    assert bench.id(Outcome.INIT_DIED, BANNER, RUN, failed(8), NO_INIT, facts=facts) is None


def test_what_a_damaged_initrd_lacks_is_the_damages(bench: Bench) -> None:
    line = "check access for rdinit=/init failed: -2, ignoring"
    facts = bench.facts(initrd=None, complaints={"initrd": "truncated: it ends at byte 9"})
    assert bench.id(Outcome.NO_ROOTFS, BANNER, line, ROOT, facts=facts) == "initrd-truncated"
    empty = bench.facts(initrd=initrd_with(programs={}))
    junk = "Initramfs unpacking failed: junk within compressed archive"
    assert bench.id(Outcome.NO_ROOTFS, BANNER, junk, ROOT, facts=empty) == "initrd-garbage"
    rooted = bench.facts(initrd=initrd_with(programs={}), cmdline=("root=/dev/vda",))
    assert bench.id(Outcome.NO_ROOTFS, BANNER, line, ROOT, facts=rooted) == "root-device-missing"


def test_no_such_program(bench: Bench) -> None:
    line = "check access for rdinit=/init failed: -2, ignoring"
    facts = bench.facts(initrd=initrd_with(programs={"sbin/init": Program("elf", "arm64")}))
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, line, ROOT, facts=facts)
    assert cause
    assert cause.id == "init-missing"
    assert cause.text == "there is no program /init for the kernel to start; the image has /sbin/init"
    assert line in cause.evidence


def test_an_old_kernel_does_not_say_that_it_looked(bench: Bench) -> None:
    facts = bench.facts(initrd=initrd_with(programs={}))
    assert bench.id(Outcome.NO_ROOTFS, BANNER, ROOT, facts=facts) == "init-missing"
    partly = bench.facts(initrd=initrd_with(programs={}, complete=False))
    assert bench.id(Outcome.NO_ROOTFS, BANNER, ROOT, facts=partly) is None
    assert bench.id(Outcome.NO_ROOTFS, BANNER, ROOT) is None  # the initrd has it: it must be something else


def test_a_named_init_that_is_not_there(bench: Bench) -> None:
    line = "Kernel panic - not syncing: Requested init /sbin/start failed (error -2)."
    facts = bench.facts(cmdline=("root=/dev/vda", "init=/sbin/start"), initrd=None)
    cause = bench.cause(Outcome.INIT_DIED, BANNER, "Run /sbin/start as init process", line, facts=facts)
    assert cause
    assert (cause.id, cause.next) == ("init-missing", "put a program at /sbin/start, or name another with init=")


def test_it_ended(bench: Bench) -> None:
    cause = bench.cause(
        Outcome.INIT_DIED, BANNER, RUN, "with arguments:", "/init", "cannot find my disk", killed(0x300)
    )
    assert cause
    assert cause.id == "init-exited"
    assert cause.text == "init ended with status 3, which it must never do; its last words were 'cannot find my disk'"


@pytest.mark.parametrize(("code", "name"), [(11, "SIGSEGV"), (4, "SIGILL"), (0x8B, "SIGSEGV"), (127, "signal 127")])
def test_it_was_killed(bench: Bench, code: int, name: str) -> None:
    cause = bench.cause(Outcome.INIT_DIED, BANNER, RUN, killed(code))
    assert cause
    assert cause.id == "init-killed"
    assert name in cause.text


def test_a_panic_of_something_else_is_not_inits(bench: Bench) -> None:
    assert bench.id(Outcome.KERNEL_PANIC, BANNER, RUN, "Kernel panic - not syncing: Oops: Fatal exception") is None
