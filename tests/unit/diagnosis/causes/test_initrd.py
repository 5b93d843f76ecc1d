"""The initrd: each cause, and what is close to it and is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, RUN, Bench, initrd_with

PANIC = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"
FAILED = "Initramfs unpacking failed: "


@pytest.mark.parametrize(
    ("said", "complaint", "wanted"),
    [
        ("ZSTD-compressed data is truncated", "", "initrd-truncated"),
        ("read error", "truncated: it ends at byte 900, within a file's data", "initrd-truncated"),
        ("", "truncated: it ends at byte 900, within a file's data", "initrd-truncated"),
        ("junk within compressed archive", "", "initrd-garbage"),
        ("invalid magic at start of compressed archive", "is not an initrd: no archive", "initrd-garbage"),
        ("compression method xz not configured", "", "initrd-format-unsupported"),
        ("Input was encoded with settings that are not supported by this XZ decoder", "", "initrd-format-unsupported"),
        ("compression method xz not configured", "corrupt: no entry at byte 8", "initrd-garbage"),
    ],
)
def test_what_was_wrong_with_the_file(bench: Bench, said: str, complaint: str, wanted: str) -> None:
    complaints = {"initrd": complaint} if complaint else {}
    facts = bench.facts(complaints=complaints, **({"initrd": None} if complaint else {}))
    lines = [FAILED + said] if said else []
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, *lines, PANIC, facts=facts)
    assert cause
    assert cause.id == wanted
    assert [*lines, *complaints.values()] == [line for line in cause.evidence if line in (*lines, complaint)]


def test_a_form_that_the_configuration_lacks(bench: Bench) -> None:
    facts = bench.facts(drop="RD_ZSTD")
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, PANIC, facts=facts)
    assert cause
    assert cause.id == "initrd-format-unsupported"
    assert cause.next.startswith("set CONFIG_RD_ZSTD=y")


def test_a_kernel_without_initrds(bench: Bench) -> None:
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, PANIC, facts=bench.facts(drop="BLK_DEV_INITRD RD_ZSTD"))
    assert cause
    assert (cause.id, cause.next) == ("initrd-format-unsupported", "set CONFIG_BLK_DEV_INITRD=y")


def test_with_root_it_was_not_meant_to_be_used(bench: Bench) -> None:
    facts = bench.facts(drop="BLK_DEV_INITRD", cmdline=("root=/dev/vda",))
    assert bench.id(Outcome.NO_ROOTFS, BANNER, PANIC, facts=facts) == "root-device-missing"


def test_none_was_handed_over(bench: Bench) -> None:
    facts = bench.facts(initrd=None, devices=(), buses=(), ours=False)
    assert bench.id(Outcome.NO_ROOTFS, BANNER, PANIC, facts=facts) == "initrd-missing"
    assert bench.id(Outcome.NO_ROOTFS, BANNER, PANIC, facts=bench.facts(initrd=None)) == "initrd-missing"


def test_a_kernel_that_has_one_inside(bench: Bench) -> None:
    facts = bench.facts(initrd=None)
    inside = replace(facts, config={**facts.symbols, "INITRAMFS_SOURCE": '"root.cpio"'})
    assert bench.id(Outcome.NO_ROOTFS, BANNER, PANIC, facts=inside) is None


def test_a_good_one_is_not_missing(bench: Bench) -> None:
    assert bench.id(Outcome.NO_ROOTFS, BANNER, PANIC) not in ("initrd-missing", "no-root-named")


@pytest.mark.parametrize(
    "line",
    [
        FAILED + "write error",
        "initrd extends beyond end of memory (0x50000000 > 0x48000000)",
        "INITRD: 0x48000000+0x00800000 overlaps in-use memory region - disabling initrd",
    ],
)
def test_one_that_is_too_big(bench: Bench, line: str) -> None:
    facts = bench.facts(machine={"memory": 64}, initrd=initrd_with(packed=20 << 20, unpacked=80 << 20))
    cause = bench.cause(Outcome.NO_ROOTFS, BANNER, line, PANIC, facts=facts)
    assert cause
    assert cause.id == "initrd-too-big"
    assert cause.evidence == (line, "packed 20 MiB, unpacked 80 MiB; the machine has 64 MiB")


def test_one_that_is_too_big_and_nothing_is_said(bench: Bench) -> None:
    big = initrd_with(packed=20 << 20, unpacked=80 << 20)
    facts = bench.facts(machine={"memory": 64}, initrd=big)
    assert bench.id(Outcome.OOM, BANNER, facts=facts) == "initrd-too-big"
    assert bench.id(Outcome.OOM, BANNER, RUN, facts=facts) != "initrd-too-big"  # it was unpacked
    assert bench.id(Outcome.OOM, BANNER, facts=bench.facts(initrd=big)) != "initrd-too-big"  # it fits
