"""Boot managers of PCs beside GRUB and systemd-boot: rEFInd and Limine."""

from __future__ import annotations

from harness.diagnosis.rule import loader

RULES = (
    loader(
        "refind",
        "Invalid loader file!|Error: Not Found|Error: Invalid Parameter|Error: Load Error|Error: Security Violation"
        "|Error: Access Denied|Error: Unsupported",
        r"^Invalid loader file!|^Error: (?:Not Found|Invalid Parameter|Load Error|Security Violation|Access Denied"
        r"|Unsupported) (?:while (?:loading|reading|opening)|returned from) (?P<file>[^\n]{1,120})",
        "rEFInd could not start[ {file}]",
        "Error: Not Found while loading none.efi",
    ),
    loader(
        "limine",
        "PANIC: |onfig file not found",
        r"^(?:\*{3} )?PANIC: (?P<text>(?:linux|limine|chainload|efi_chainload|multiboot[12]?): [^\n]{3,120})"
        r"|^\[[Cc]onfig file not found\]",
        "Limine: {text}",
        "PANIC: linux: Failed to open kernel with path `boot():/none`. Is the path correct?",
    ),
)
