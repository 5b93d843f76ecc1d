"""Disks of a user's that firmware does not start."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import Fault
from tests.faults.corpus.ways import disks

FAULTS = (
    Fault(
        "gpt-corrupted",
        "x86_64-baremetal-uefi",
        (disks.gpt_corrupted,),
        Outcome.FIRMWARE_FAILURE,
        "no-boot-device",
        also=(Outcome.HANG,),
        silence=20,
    ),
)
