"""What boards' makers put before U-Boot or Linux: boot ROMs, first stage loaders, firmware of POWER and SPARC."""

from __future__ import annotations

from harness.diagnosis.rule import firmware, loader

RULES = (
    loader(
        "xilinx-first-stage",
        "FSBL Status = 0x|Fsbl Error Status: 0x|PLM Error Status: 0x",
        r"^FSBL Status = 0x(?P<number>[0-9A-Fa-f]{4,8})|^(?:Fsbl|PLM) Error Status: 0x(?P<status>[0-9A-Fa-f]{2,8})",
        "the first stage loader failed[ with 0x{number}][ with 0x{status}]",
        "FSBL Status = 0xA012",
    ),
    loader(
        "marvell-boot-rom",
        "BootROM: Bad header|BootROM: Image checksum",
        r"^BootROM: (?:Bad header at offset|Image checksum verification FAILED)",
        "the boot ROM found no boot loader",
        "BootROM: Bad header at offset 00200000",
    ),
    loader(
        "skiboot",
        "Assert fail: |Fatal Exception 0x|Fatal MCE at ",
        r"^(?:Assert fail: \S{1,80}:\d{1,6}|Fatal (?:Exception 0x[0-9a-f]{3,16}|MCE) at )",
        "skiboot crashed",
        "Assert fail: core/sample.c:77:chip",
    ),
    firmware(
        "openbios",
        "No valid state has been set by|Unhandled Exception 0x|ERROR: Last Trap: ",
        r"^No valid state has been set by load or init-program|^Unhandled Exception 0x[0-9a-f]{8,16}"
        r"|^ERROR: Last Trap: ",
        "Open Firmware could not boot",
        "No valid state has been set by load or init-program",
    ),
)
