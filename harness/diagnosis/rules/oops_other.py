"""Faults of the kernel's own code in the words of kernels of old, and of architectures that few machines have."""

from __future__ import annotations

from harness.diagnosis.rule import oops

RULES = (
    oops(
        "oops-signal",  # Microblaze, Nios II, and PowerPC of Linux 2.4, which count nothing
        ", sig: ",
        r"^Oops: [^\n\[]{3,80}, sig: \d{1,2}$",
        "Oops[ in {function}]",
        "Oops: kernel touched a bad area, sig: 9",
    ),
    oops(
        "oops-openrisc",
        "#: 0",
        r"^(?:Oops|(?:Kernel|Unhandled|Unable to) [\w ]{3,40})#: 0[0-9a-f]{3}$",
        "Oops[ in {function}]",
        "Oops#: 0000",
    ),
    oops(
        "oops-blackfin",
        "Kernel OOPS in progress",
        r"^Kernel OOPS in progress",
        "Oops[ in {function}]",
        "Kernel OOPS in progress",
    ),
    oops(
        "oops-mips-line",  # MIPS of Linux 2.4 tells the place in its own source
        ", line ",
        r"^(?P<text>Oops|(?:Kernel|Unhandled kernel) [\w ,/-]{3,60}?|(?:Break|Reserved) instruction in kernel code)"
        r" in \w{1,40}\.c:{1,2}\w{1,60}, line \d{1,5}:$",
        "{text}[ in {function}]",
        "Kernel sample access in sample.c:do_sample, line 77:",
    ),
    oops(
        "oops-alpha",
        "): Oops |): Kernel Bug |): Kernel bug |): Arithmetic fault |): Instruction fault |): Unaligned trap ",
        r"^\S{1,40}\(\d{1,8}\): (?:Oops|Kernel [Bb]ug|Arithmetic fault|Instruction fault|Unaligned trap) -?\d{1,4}$",
        "Oops[ in {function}]",
        "tester(71): Oops 0",
    ),
    oops(
        "oops-itanium",
        "]: Oops |]: bugcheck! |]: General Exception|]: Unaligned Reference",
        r"^\S{1,40}\[\d{1,8}\]: (?:Oops|bugcheck!|General Exception[^\n]{0,60}?|Unaligned Reference) \d{1,20}"
        r" \[\d{1,4}\]",
        "Oops[ in {function}]",
        "tester[71]: Oops 8813272891392 [1]",
    ),
    oops(
        "m68k-trap",
        "BAD KERNEL |*** ",
        r"^BAD KERNEL (?:TRAP|BUSERR): [0-9a-f]{8}|^\*\*\* [A-Z][A-Za-z /-]{4,40} \*\*\* {1,4}FORMAT=[0-9A-Fa-f]{1,2}",
        "kernel trap[ in {function}]",
        "*** SAMPLE TRAP ***   FORMAT=4",
    ),
    oops(
        "recursive-fault",  # what is left of a fault where the log begins behind it
        "Fixing recursive fault",
        r"^Fixing recursive fault but reboot is needed!",
        "a fault while the kernel ended the task of another",
        "[    5.1] Fixing recursive fault but reboot is needed!",
    ),
)
