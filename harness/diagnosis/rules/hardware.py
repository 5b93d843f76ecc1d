"""What the hardware reports of itself."""

from __future__ import annotations

from harness.diagnosis.rule import warning

RULES = (
    warning(
        "machine-check",
        "[Hardware Error]: ",
        r"\[Hardware Error\]: (?:Machine check|CPU \d{1,5}: Machine Check|event severity: (?P<kind>\w{1,20}))",
        "[Hardware Error]",
        "[    5.1] mce: [Hardware Error]: CPU 1: Machine Check: 0 Bank 5: be00000000800400",
        traced=False,
    ),
    warning(
        "edac",
        "EDAC ",
        r"EDAC MC\d{1,3}: \d{1,9} (?P<kind>UE|CE) ",
        "EDAC: memory error ({kind})",
        "[    5.1] EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0",
        traced=False,
    ),
    warning(
        "pcie-aer",
        "AER: ",
        r"AER: (?:Multiple )?(?P<kind>Uncorrect(?:ed|able)|Corrected)(?: \([\w-]{1,20}\))? error",
        "AER: {kind} error",
        "[    5.1] pcieport 0000:00:1c.0: AER: Uncorrected (Fatal) error received: 0000:01:00.0",
        traced=False,
    ),
    warning(
        "thermal",
        "ritical temperature reached",
        r"critical temperature reached",
        "critical temperature reached",
        "[    5.1] thermal thermal_zone0: critical temperature reached (105 C), shutting down",
        traced=False,
    ),
)
