"""Lines that sound bad and are not. Each stands against a rule that would otherwise take it."""

from __future__ import annotations

from harness.diagnosis.rule import benign

RULES = (
    benign(
        "command-line",
        "ommand line: |BOOT_IMAGE=",
        r"^(?:Kernel )?[Cc]ommand line: |^(?:Dom0 )?bootargs ?[=:]",
        'Kernel command line: quiet dyndbg="BUG: KASAN: slab-oops in x" console=ttyS0',
    ),
    benign(
        "lockup-detector-off",
        "hard lockup detector|soft lockup detector",
        r"(?:Shutting down|[Dd]isabl(?:ing|ed)|[Ee]nabl(?:ing|ed)) (?:hard|soft) lockup detector",
        "[    0.2] NMI watchdog: Enabled hard lockup detector; BUG: soft lockup - CPU#0 stuck for is what it would print",
    ),
    benign(
        "echoed-command",
        "echo ",
        r"^(?:\S{0,60}[#$>] |\+ )(?:echo|printf|grep|dmesg|journalctl) ",
        "root@board:~# echo 'Kernel panic - not syncing: just a test of the log' > /dev/kmsg",
    ),
    benign(
        "audit-message",
        "audit: type=|audit(",
        r"^audit: type=\d{1,5} audit\(|^type=\d{1,5} audit\(",
        "audit: type=1400 audit(1.2:3): comm=\"x\" name='BUG: KASAN: invalid-free in nothing'",
    ),
    benign(
        "module-parameter",
        "panic_on_|oops=panic",
        r"^(?:sysctl|kernel)[. :]\S{0,60}(?:panic_on_\w{1,20}|panic) ?= ?\d|^setting [^\n]{0,40}panic",
        "kernel.panic_on_warn = 1 (else: WARNING: at lib/sample.c:1)",
    ),
    benign(
        "user-mode-trap",
        "general protection fault ip:|general protection ip:",
        r"general protection (?:fault )?ip:[0-9a-f]{1,16} sp:",
        "general protection fault ip:7f0000001234 sp:7ffd00001234 error:0 in libsample.so[7f0000000000+1000]",
    ),
)
