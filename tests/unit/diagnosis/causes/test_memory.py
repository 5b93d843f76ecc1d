"""Memory of the guest: each cause, and what is close to it and is none."""

from __future__ import annotations

from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, RUN, Bench

DEADLOCKED = "Kernel panic - not syncing: System is deadlocked on memory"
KILLED = "Out of memory: Killed process 88 (hog) total-vm:9000kB, anon-rss:8000kB"


def test_too_small_for_the_kernel(bench: Bench) -> None:
    facts = bench.facts(machine={"memory": 64})
    cause = bench.cause(Outcome.KERNEL_PANIC, BANNER, DEADLOCKED, facts=facts, footprint=27 << 20, line=DEADLOCKED)
    assert cause
    assert (cause.id, cause.next) == ("memory-too-small", "give it more, such as machine.memory: 128")
    assert cause.evidence == (DEADLOCKED, "the machine has 64 MiB", "the kernel says that it takes 27 MiB")


def test_too_small_to_say_so(bench: Bench) -> None:
    tiny = bench.facts(machine={"memory": 32}, initrd=None)
    assert bench.id(Outcome.NO_OUTPUT, facts=tiny, line="the console stayed empty") == "memory-too-small"
    line = "the console stayed empty"
    least = bench.facts(machine={"memory": 64})
    assert bench.id(Outcome.RESET_LOOP, facts=least, footprint=67 << 20, line=line) == "memory-too-small"
    assert bench.id(Outcome.NO_OUTPUT, facts=least, footprint=27 << 20, line=line) is None
    assert bench.id(Outcome.HANG, BANNER, facts=least, footprint=67 << 20, line=line) is None
    enough = bench.facts(machine={"memory": 256}, initrd=None)
    assert bench.id(Outcome.NO_OUTPUT, facts=enough, line="the console stayed empty") is None


def test_qemu_says_so(bench: Bench) -> None:
    trouble = "qemu exited with status 1 before the machine could start: kernel 'k' is too large to fit in RAM (3, 2)"
    assert bench.id(None, trouble=trouble, line=trouble) == "memory-too-small"


def test_a_program_took_it_all(bench: Bench) -> None:
    asker = "hog invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0"
    cause = bench.cause(Outcome.OOM, BANNER, RUN, asker, KILLED, line=KILLED)
    assert cause
    assert cause.id == "guest-out-of-memory"
    assert cause.text == "the guest ran out of memory; the kernel killed hog"
    assert cause.evidence == (KILLED, asker, "the machine has 256 MiB")


def test_a_limit_of_one_container_is_not_the_guests(bench: Bench) -> None:
    line = "Memory cgroup out of memory: Killed process 88 (hog) total-vm:9000kB"
    assert bench.id(Outcome.SERVICE_FAILED, BANNER, RUN, line) is None


def test_mem_leaves_too_little(bench: Bench) -> None:
    line = "the console stayed empty"
    for word, wanted in (("mem=16M", "memory-too-small"), ("mem=16777216", "memory-too-small"), ("mem=200M", None)):
        facts = bench.facts(initrd=None, cmdline=("console=ttyAMA0", word))
        assert bench.id(Outcome.NO_OUTPUT, facts=facts, footprint=27 << 20, line=line) == wanted
