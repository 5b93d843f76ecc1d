"""A TPM that went away, and one that the guest did not find."""

from __future__ import annotations

from harness.words import Event, Outcome, Source
from tests.unit.diagnosis.causes.conftest import BANNER, Bench

GONE = Event(2.0, Source.PROCESS, "tpm-exit", "the TPM (swtpm) killed by SIGKILL", {"program": "swtpm"})
ENDED = Event(2.1, Source.PROCESS, "exit", "QEMU killed by SIGKILL", {"status": None, "signal": "SIGKILL"})
FAILED = "bootmatrix: step=tpm status=1 up=24.90 dev=none"


def test_the_emulator_ended(bench: Bench) -> None:
    cause = bench.cause(Outcome.MACHINE_DIED, BANNER, told=(GONE,))
    assert cause
    assert (cause.id, cause.evidence) == ("tpm-gone", (GONE.text, BANNER))
    assert bench.id(Outcome.MACHINE_DIED, BANNER, told=(ENDED,)) == "qemu-killed"


def test_the_guest_found_none(bench: Bench) -> None:
    facts = bench.facts(machine={"tpm": "tpm-tis-device"})
    cause = bench.cause(Outcome.SERVICE_FAILED, BANNER, FAILED, facts=facts)
    assert cause
    assert (cause.id, cause.evidence[0]) == ("tpm-absent", FAILED)
    assert "has none" not in cause.text
    without = bench.cause(Outcome.SERVICE_FAILED, BANNER, FAILED)
    assert without
    assert "the machine has none" in without.text
    assert bench.id(Outcome.SERVICE_FAILED, BANNER, FAILED.replace("status=1", "status=0")) != "tpm-absent"
