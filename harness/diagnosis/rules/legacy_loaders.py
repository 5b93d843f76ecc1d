"""Boot loaders of PCs before UEFI: syslinux, LILO, the GRUB of old, and Windows' own."""

from __future__ import annotations

from harness.diagnosis.rule import loader

RULES = (
    loader(
        "syslinux",
        "Could not find kernel image|No DEFAULT or UI|Invalid or corrupt kernel|isolinux.bin missing"
        "|Failed to load |... failed|...failed",
        r"(?:Could not find kernel image:|No DEFAULT or UI configuration directive found"
        r"|Invalid or corrupt kernel image|isolinux\.bin missing or corrupt)"
        r"|^Failed to load (?:\w{1,12}\.c32|COM32 file)|^Loading \S{1,120}?\.\.\. ?failed[:!]",
        "syslinux found no kernel",
        "Could not find kernel image: vmlinuz-none",
    ),
    loader(
        "lilo",
        "L 99 99|L 01 01|L 80 80",
        r"^L (?:99 99|01 01|80 80)",
        "LILO cannot read its disk",
        "L 99 99 99 99",
    ),
    loader(
        "grub-legacy",
        "File not found|Cannot mount selected|Selected disk does not|No such partition|Disk read error"
        "|unsupported executable|must be loaded before|Inconsistent filesystem|Unknown boot failure"
        "|GRUB Hard Disk|GRUB Geom|GRUB Read|Error 1",
        r"^Error \d{1,2}: (?:File not found|Cannot mount selected partition|Selected disk does not exist"
        r"|No such partition|Disk read error|Invalid or unsupported executable format"
        r"|Linux kernel must be loaded before booting|Inconsistent filesystem structure|Unknown boot failure)"
        r"|^GRUB (?:Hard Disk|Geom|Read) Error|^Error 1[5-9]$",
        "GRUB found no kernel",
        "Error 15: File not found",
    ),
    loader(
        "windows-bootmgr",
        "BOOTMGR is |NTLDR is ",
        r"^(?:BOOTMGR|NTLDR) is (?:missing|compressed)",
        "Windows' boot manager is missing",
        "BOOTMGR is missing",
    ),
)
