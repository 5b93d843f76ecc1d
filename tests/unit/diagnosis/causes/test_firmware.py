"""Firmware and what is no kernel: each cause, and what is close to it and is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.diagnosis.why import cause_of
from harness.words import Outcome
from tests.unit.diagnosis.causes.conftest import BANNER, Bench

BIOS = ("SeaBIOS (version 1.16.2-debian)", "Booting from Hard Disk...")


@pytest.mark.parametrize(
    "line",
    [
        "No bootable device.",
        "BdsDxe: No bootable option or device was found.",
        "UEFI Interactive Shell v2.2",
        "! No IPL device available !",
        "No more bootdevs",
    ],
)
def test_nothing_to_boot(bench: Bench, line: str) -> None:
    cause = bench.cause(Outcome.FIRMWARE_FAILURE, *BIOS, line)
    assert cause
    assert (cause.id, cause.evidence) == ("no-boot-device", (line, BIOS[1]))


def test_a_kernel_that_came_after_all(bench: Bench) -> None:
    fields = {"reached": ("firmware", "kernel")}
    assert bench.id(Outcome.HANG, *BIOS, "Boot failed: not a bootable disk", BANNER, **fields) is None


@pytest.mark.parametrize(
    ("complaint", "wanted"),
    [
        ("is a kernel for x86_64 (x86 bzImage), the target is arm64", "kernel-wrong-arch"),
        ("not a kernel but a gzip file", "not-a-kernel"),
        ("not a kernel", "not-a-kernel"),
    ],
)
def test_the_file_is_none(bench: Bench, complaint: str, wanted: str) -> None:
    facts = bench.facts(complaints={"kernel": complaint})
    cause = bench.cause(Outcome.NO_OUTPUT, facts=facts, line="the console stayed empty")
    assert cause
    assert cause.id == wanted
    assert complaint in cause.evidence[0]
    spoke = bench.id(Outcome.HANG, BANNER, facts=facts)
    assert spoke not in ("kernel-wrong-arch", "not-a-kernel")


@pytest.mark.parametrize("line", ["Bad Linux ARM64 Image magic!", "error: invalid magic number."])
def test_a_loader_refused_it(bench: Bench, line: str) -> None:
    assert bench.id(Outcome.BOOTLOADER_FAILURE, "U-Boot 2023.01", line, reached=()) == "not-a-kernel"


def test_a_loader_that_said_nothing_of_it(bench: Bench) -> None:
    assert bench.id(Outcome.BOOTLOADER_FAILURE, "U-Boot 2023.01", "=>", reached=()) is None


def test_a_disk_of_which_nothing_starts(bench: Bench) -> None:
    hung = replace(bench.case(Outcome.HANG, *BIOS), facts=None)
    cause = cause_of(hung)
    assert cause
    assert (cause.id, cause.evidence) == ("no-boot-device", (*BIOS, "no kernel is in guest memory"))
    seen = cause_of(replace(hung, memory=(BANNER, "Kernel command line: console=tty0")))
    assert seen
    assert seen.id == "console-wrong"
    nameless = replace(bench.case(Outcome.HANG, "UEFI firmware (version  built at 13:10)"), facts=None)
    assert cause_of(nameless) is None
    assert cause_of(replace(nameless, reached=("firmware",)))
    loader = replace(bench.case(Outcome.HANG, *BIOS, "GNU GRUB  version 2.06"), facts=None)
    assert cause_of(loader) is None
    assert cause_of(bench.case(Outcome.HANG, *BIOS)) is None  # a kernel was handed over: it is no matter of a disk
