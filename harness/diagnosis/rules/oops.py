"""Faults of the kernel's own code, as each architecture words them."""

from __future__ import annotations

from harness.diagnosis.rule import oops

_ADDRESS = r"(?:address|virtual address|at)"

RULES = (
    oops(
        "null-pointer",
        "NULL pointer dereference",
        r"(?:BUG: (?:unable to handle )?kernel NULL pointer dereference"
        r"|Unable to handle kernel NULL pointer dereference"
        r"|BUG: Kernel NULL pointer dereference)",
        "BUG: unable to handle kernel NULL pointer dereference[ in {function}]",
        "[    5.1] BUG: kernel NULL pointer dereference, address: 0000000000000040",
    ),
    oops(
        "page-fault",
        "unable to handle page fault",
        r"BUG: unable to handle page fault for address",
        "BUG: unable to handle page fault[ in {function}]",
        "[    5.1] BUG: unable to handle page fault for address: ffffc90000a3f000",
    ),
    oops(
        "paging-request",
        "nable to handle kernel|nable to handle unknown|nable to handle user",
        r"nable to handle (?:kernel (?!NULL)(?:paging|access|execute|read|write|unaligned|pointer|unknown|data"
        r"|instruction)"
        r"|unknown paging|user-space paging)",
        "BUG: unable to handle kernel paging request[ in {function}]",
        "[    5.1] Unable to handle kernel paging request at virtual address ffff800012345678",
    ),
    oops(
        "general-protection-fault",
        "general protection fault",
        r"^(?:kernel: |Oops: |segment-related )?general protection fault(?:\b(?! ip:))",
        "general protection fault[ in {function}]",
        "[    5.1] general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] SMP",
    ),
    oops(
        "kernel-bug",
        "ernel BUG at ",
        r"(?:kernel BUG at (?=[^!\n]{1,220}!)|^Kernel BUG at )(?P<place>[^\s:]{1,200}:\d{1,6})(?:!|$)",
        "kernel BUG at {place}[ in {function}]",
        "[    5.1] kernel BUG at mm/example.c:312!",
    ),
    oops(
        "kernel-bug-riscv",
        "ernel BUG [#|ernel bug detected[#",
        r"Kernel (?:BUG |bug detected)\[#\d{1,4}\]",
        "kernel BUG[ in {function}]",
        "[    5.1] Kernel bug detected[#1]:",
    ),
    oops(
        "internal-error",
        "Internal error: ",
        r"Internal error: (?P<text>[^\n\[]{0,80}?)(?:: [0-9a-f]{1,16})? ?\[#\d{1,4}\]",
        "Internal error: {text}[ in {function}]",
        "[    5.1] Internal error: synchronous external abort: 0000000096000010 [#1] PREEMPT SMP",
    ),
    oops(
        "oops",
        "Oops",
        r"\bOops(?:(?:: | - )[^\n\[]{1,120})? ?\[#\d{1,4}\]|\bOops: [0-9a-f]{4,16}(?: \[| ilc|$)",
        "Oops[ in {function}]",
        "[    5.1] Oops: Kernel access of bad area, sig: 7 [#9]",
    ),
    oops(
        "numbered",
        "[#|: 0000 [",
        r"^(?:\S{1,40}\(\d{1,8}\): )?(?P<text>[A-Za-z][\w ,'/!-]{3,60}?)"
        r"(?:: [0-9a-f]{1,16}(?: ilc:\d)?|: sig: \d{1,2}| [0-9a-f]{1,16})? ?\[#\d{1,4}\](?::| |$)"
        r"|^(?P<old>[a-z][a-z ]{3,40}): 0000 \[\d{1,4}\](?: |$)",
        "{text}{old}[ in {function}]",
        "[    5.1] divide error: 0000 [#1] PREEMPT SMP",
    ),
    oops(
        "stack-overflow",
        "stack overflow|stack guard page was hit|nsufficient stack space",
        r"(?:BUG: (?:kernel stack overflow|(?:TASK|IRQ|#DF|NMI)? ?stack guard page was hit)"
        r"|[Ii]nsufficient stack space to handle exception|[Kk]ernel stack overflow|stack overflow: )",
        "kernel stack overflow[ in {function}]",
        "[    5.1] Insufficient stack space to handle exception 9",
    ),
    oops(
        "stack-overrun",
        "Thread overran stack",
        r"Thread overran stack, or stack corrupted",
        "kernel stack overrun[ in {function}]",
        "[    5.1] Thread overran stack, or stack corrupted: tester",
    ),
    oops(
        "unhandled-fault",
        "Unhandled fault: |Unhandled prefetch abort: ",
        r"Unhandled (?:fault|prefetch abort): (?P<kind>[^\n(]{1,60}?) \(0x[0-9a-f]{1,16}\) at",
        "Unhandled fault: {kind}[ in {function}]",
        "[    5.1] Unhandled fault: external abort on non-linefetch (0x1028) at 0xf0816000",
    ),
    oops(
        "bad-mode",
        "Bad mode in ",
        r"Bad mode in (?P<kind>[^\n]{1,40}?) handler detected",
        "Bad mode in {kind} handler[ in {function}]",
        "[    5.1] Bad mode in Synchronous Abort handler detected on CPU1, code 0x86000005",
    ),
    oops(
        "serror",
        "SError Interrupt on CPU",
        r"SError Interrupt on CPU\d{1,5}, code",
        "SError Interrupt[ in {function}]",
        "[    5.1] SError Interrupt on CPU3, code 0x00000000bf000002 -- SError",
    ),
    oops(
        "ppc-bad-access",
        "kernel tried to |Unrecoverable |achine check in kernel mode|Bad kernel stack pointer",
        r"kernel tried to (?:exec|execute|access) \S{1,30} ?(?:protected )?(?:page|user)"
        r"|^Unrecoverable (?!VSX )[^\n]{1,40} (?:Unavailable )?[Ee]xception|[Mm]achine check in kernel mode"
        r"|Bad kernel stack pointer [0-9a-f]{1,16} at ",
        "kernel fault[ in {function}]",
        "[    5.1] kernel tried to execute exec-protected page (c0000000012a0000) - exploit attempt? (uid: 0)",
    ),
    oops(
        "parisc-fault",
        ": Code=|ad Address (null pointer",
        r"Kernel Fault: Code=\d{1,3}|[Bb]ad Address \(null pointer"
        r"|^[A-Z][\w ()-]{4,60}: Code=\d{1,2} \([^)\n]{3,60}\) at addr [0-9a-f]{8}",
        "kernel fault[ in {function}]",
        "[    5.1] Kernel Fault: Code=26 (Data memory access rights trap) at addr 00000010",
    ),
    oops(
        "stack-corrupted",
        "stack end detected|tack-protector: Kernel stack",
        r"(?:corrupted stack end detected|stack-protector: Kernel stack is corrupted)",
        "kernel stack is corrupted[ in {function}]",
        "[    5.1] corrupted stack end detected inside scheduler",
    ),
    oops(
        "double-fault",
        "PANIC: double fault",
        r"PANIC: double fault",
        "PANIC: double fault[ in {function}]",
        "[    5.1] traps: PANIC: double fault, error_code: 0x0",
    ),
    oops(
        "bus-error",
        " bus error, epc",
        r"(?:Data|Instruction) bus error, epc ?==",
        "bus error[ in {function}]",
        "[    5.1] Data bus error, epc == 80123456, ra == 80123400",
    ),
    oops(
        "bug-int",
        "BUG: Int ",
        r"BUG: Int \d{1,3}: CR2",
        "BUG: early interrupt",
        "BUG: Int 14: CR2 ff9b0000",
    ),
    oops(
        "unexpected-brk",
        "Unexpected kernel ",
        r"Unexpected kernel (?:BRK exception|single-step exception)",
        "Unexpected kernel exception[ in {function}]",
        "[    5.1] Unexpected kernel BRK exception at EL1",
    ),
    oops(
        "control-protection",
        "CFI failure |Missing ENDBR",
        r"^(?:CFI failure at |Missing ENDBR: |CFI failure \(target)|^traps: Missing ENDBR",
        "CFI failure[ in {function}]",
        "[    5.1] CFI failure at do_one+0x1c/0x40 (target: other_kind+0x0/0x8; expected type: 0x1a2b3c4d)",
    ),
    oops(
        "usercopy",
        "usercopy: ",
        r"usercopy: [Kk]ernel memory (?:exposure|overwrite) attempt detected",
        "usercopy: kernel memory exposed[ in {function}]",
        "[    5.1] usercopy: Kernel memory exposure attempt detected from SLUB object 'names' (offset 8, size 64)!",
    ),
)
