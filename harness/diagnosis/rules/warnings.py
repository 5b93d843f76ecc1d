"""Complaints of the kernel's after which it goes on: WARNING splats and their kin."""

from __future__ import annotations

from harness.diagnosis.rule import warning

RULES = (
    warning(
        "refcount",
        "refcount_t: ",
        r"refcount_t: (?P<text>[^\n]{3,80})",
        "WARNING: refcount bug[ in {function}]",
        "[    5.1] refcount_t: underflow; use-after-free.",
    ),
    warning(
        "odebug",
        "ODEBUG: ",
        r"ODEBUG: (?P<text>(?:free|init|activate|assert_init|destroy) active|[^\n]{3,40})",
        "WARNING: ODEBUG bug[ in {function}]",
        "[    5.1] ODEBUG: free active (active state 0) object type: timer_list hint: sample_timeout",
    ),
    warning(
        "warn",
        "WARNING: CPU: |WARNING: at |WARNING: ",
        r"^WARNING: (?:CPU: \d{1,5} PID: \d{1,8} at |at |)(?P<place>[^\s:]{1,200}:\d{1,6})",
        "WARNING in {function_or_place}",
        "[    5.1] WARNING: CPU: 1 PID: 71 at drivers/sample/core.c:99 sample_probe+0x1a/0x40 [sample]",
    ),
    warning(
        "cut-here",
        "[ cut here",
        r"-\[ cut here ?\]-",
        "WARNING[ in {function}]",
        "[    5.1] ------------[ cut here ]------- 71",
    ),
    warning(
        "kernel-warning",
        "WARNING: ",
        r"^WARNING: (?:kernel stack (?:regs|frame pointer)|stack recursion|can't (?:access"
        r"|dereference) registers|unrecognized"
        r"|unwind|locking bug|nested lock|chain cache|softirq|bad unlock|held lock|lock held|suspicious)[^\n]{0,120}",
        "WARNING: the kernel's stack or locks look wrong",
        "[    5.1] WARNING: kernel stack regs at ffff888001230000 in tester:71 has bad 'bp' value ffff888001230010",
    ),
    warning(
        "irq-nobody-cared",
        "nobody cared",
        r"irq (?P<number>\d{1,5}): nobody cared",
        "irq {number}: nobody cared",
        '[    5.1] irq 9: nobody cared (try booting with the "irqpoll" option)',
    ),
    warning(
        "segfault",
        "segfault at|trap invalid opcode ip|trap divide error ip",
        r"(?P<name>\S{1,40})\[\d{1,8}\]:? (?:segfault at|trap (?:invalid opcode|divide error) ip)",
        "{name} crashed",
        "[    5.1] tester[71]: segfault at 10 ip 0000000000401136 sp 00007ffd error 4 in tester[401000+1000]",
        traced=False,
    ),
    warning(
        "filesystem-error",
        "-fs error|XFS (|BTRFS error|BTRFS critical|SQUASHFS error",
        r"EXT[234]-fs error \(device|XFS \([^)\n]{1,40}\): (?:Corruption|Internal error|Metadata)"
        r"|BTRFS (?:error|critical) \(device|SQUASHFS error:",
        "file system error",
        "[    5.1] EXT4-fs error (device vda1): ext4_lookup:1700: inode #2: comm init: deleted inode referenced: 12",
        traced=False,
    ),
    warning(
        "block-io-error",
        "I/O error, dev ",
        r"I/O error, dev (?P<device>[\w-]{1,32}), sector",
        "I/O error on {device}",
        "[    5.1] blk_update_request: I/O error, dev sdb, sector 2048 op 0x0:(READ) flags 0x0",
        traced=False,
    ),
    warning(
        "tx-timeout",
        "NETDEV WATCHDOG",
        r"NETDEV WATCHDOG: ",
        "NETDEV WATCHDOG: transmit queue timed out",
        "[    5.1] NETDEV WATCHDOG: eth0 (sample_net): transmit queue 0 timed out",
    ),
    warning(
        "network-configuration",
        "uto-configuration of network failed",
        r"IP-Config: Auto-configuration of network failed",
        "IP-Config: Auto-configuration of network failed",
        "[    9.0] IP-Config: Auto-configuration of network failed",
        traced=False,
    ),
)
