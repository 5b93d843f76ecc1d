"""Initial RAM disks that give up: dracut, initramfs-tools, live systems. Their shells are `userspace`'s."""

from __future__ import annotations

from harness.diagnosis.diagnosis import Severity
from harness.diagnosis.rule import decisive
from harness.words import Outcome

RULES = (
    decisive(
        "dracut-root",
        Severity.SHELL,
        Outcome.NO_ROOTFS,
        "FATAL: Don't know how|FATAL: No or empty root|FATAL: Failed to mount|FATAL: Failed to find a root",
        r"^dracut(?:-\w{1,20})?(?:\[\d{1,8}\])?: FATAL: (?P<text>(?:Don't know how to handle 'root="
        r"|No or empty root= argument|Failed to mount|Failed to find a root)[^\n]{0,120})",
        "dracut: {text}",
        "dracut: FATAL: Don't know how to handle 'root=none:'",
        until="login",
    ),
    decisive(
        "dracut-refused",
        Severity.SHELL,
        Outcome.INIT_DIED,
        "dracut: FATAL: |dracut: Refusing to continue",
        r"^dracut: (?:FATAL: (?P<text>[^\n]{1,120})|Refusing to continue)",
        "dracut refused to continue[: {text}]",
        "dracut: FATAL: FIPS integrity test failed",
        until="login",
    ),
    decisive(
        "live-medium-missing",
        Severity.SHELL,
        Outcome.EMERGENCY_SHELL,
        "medium containing a live file system|BOOT FAILED!|find the live medium",
        r"^Unable to find a (?:live )?medium containing a live file system|^BOOT FAILED!$"
        r"|^(?:Unable|Failed) to find the live medium",
        "the live system found no medium of its own",
        "Unable to find a medium containing a live file system",
        until="login",
    ),
    decisive(
        "initramfs-reboots",
        Severity.SHELL,
        Outcome.EMERGENCY_SHELL,
        "due to panic= boot argument",
        r"^(?:Rebooting|Halting) automatically due to panic= boot argument",
        "the initrd gave up, and reboots as panic= asks",
        "Rebooting automatically due to panic= boot argument",
        until="login",
    ),
    decisive(
        "initramfs-root-unmounted",
        Severity.SHELL,
        Outcome.EMERGENCY_SHELL,
        "as root file system",
        r"^Failed to mount (?P<device>\S{1,200}) as root file system",
        "{device} cannot be mounted: initramfs shell",
        "Failed to mount /dev/vdz1 as root file system.",
        until="login",
    ),
)
