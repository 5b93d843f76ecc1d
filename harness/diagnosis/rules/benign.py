"""Lines that sound bad and are not. Each stands against a rule that would otherwise take it."""

from __future__ import annotations

from harness.diagnosis.rule import benign

RULES = (
    benign(
        "command-line",
        "ommand line: |bootargs",
        r"^(?:Kernel )?[Cc]ommand line: |^(?:Dom0 )?bootargs ?[=:]",
        'Kernel command line: quiet dyndbg="BUG: KASAN: slab-oops in x" console=ttyS0',
    ),
    benign(
        "lockup-detector-off",
        "hard lockup detector|soft lockup detector",
        r"(?:Shutting down|[Dd]isabl(?:ing|ed)|[Ee]nabl(?:ing|ed)) (?:hard|soft) lockup detector",
        "[    0.2] NMI watchdog: Shutting down hard lockup detector, no BUG: soft lockup - CPU#0 stuck for us",
    ),
    benign(
        "echoed-command",
        "echo |printf |grep |dmesg |journalctl ",
        r"^(?:\S{0,60}[#$>] |\+ )(?:echo|printf|grep|dmesg|journalctl) ",
        "root@board:~# echo 'Kernel panic - not syncing: just a test of the log' > /dev/kmsg",
    ),
    benign(
        "audit-message",
        "audit: type=|audit(",
        r"^audit: type=\d{1,5} audit\(|^type=\d{1,5} audit\(",
        "audit: type=1400 audit(1.2:3): comm=\"x\" name='BUG: KASAN: invalid-free in nothing'",
    ),
)
