"""The TPM: its emulator ended, or the guest found none."""

from __future__ import annotations

from harness.diagnosis.case import Case
from harness.diagnosis.cause import Cause, Weight, explains
from harness.diagnosis.steps import failed_steps
from harness.words import Outcome


@explains(Weight.HOST, Outcome.MACHINE_DIED)
def emulator_gone(case: Case) -> Cause | None:
    """swtpm ended before the machine did."""
    gone = next((event for event in case.told if event.kind == "tpm-exit"), None)
    if gone is None:
        return None
    return Cause(
        "tpm-gone",
        "the machine lost its TPM: swtpm, which emulates it, ended",
        (gone.text, *case.console[-1:]),
        "see what ended it: the host's memory (dmesg: Out of memory: Killed process), or somebody; and run again",
    )


@explains(Weight.DEDUCED, Outcome.SERVICE_FAILED, Outcome.READY)
def not_found(case: Case) -> Cause | None:
    """Our init looked for it."""
    step = next((one for one in failed_steps(case) if one.name == "tpm"), None)
    if step is None:
        return None
    has = case.target is not None and case.target.machine.tpm is not None
    return Cause(
        "tpm-absent",
        "the guest found no TPM whose PCRs it could read" + ("" if has else ", and the machine has none"),
        (
            step.line,
            *(found.string for found in case.all_said(r"\btpm_?\w{0,12}\b[^\n]{0,80}(?:error|failed|timeout)")[:2]),
        ),
        "give the kernel the driver (TCG_CRB or TCG_TIS) and sysfs's PCRs (5.12 or newer), and the firmware TPM 2.0",
    )
