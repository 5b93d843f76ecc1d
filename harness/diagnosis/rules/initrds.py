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
        "medium containing a live file system|BOOT FAILED!|find the live medium|with valid ISO found|no cdrom found"
        "|device did not show up after",
        r"^Unable to find a (?:live )?medium containing a live file system|^BOOT FAILED!$"
        r"|^(?:Unable|Failed) to find the live medium|^(?:\[ERROR\] )?no (?:device with valid ISO|cdrom) found"
        r"|^ERROR: '[^'\n]{1,120}' device did not show up after \d{1,4} seconds",
        "the live system found no medium of its own",
        "Unable to find a medium containing a live file system",
        until="login",
    ),
    decisive(
        "ignition",
        Severity.SHELL,
        Outcome.EMERGENCY_SHELL,
        "Ignition has failed. Please|Ignition failed: ",
        r"^Ignition has failed\. Please ensure|^(?:ignition\[\d{1,8}\]: )?(?:CRITICAL {0,3}: )?"
        r"Ignition failed: (?P<text>[^\n]{1,160})",
        "Ignition failed[: {text}]",
        "ignition[71]: Ignition failed: failed to create users/groups: nobody is left",
        until="login",
    ),
    decisive(
        "genkernel-root",
        Severity.SHELL,
        Outcome.EMERGENCY_SHELL,
        "is not a valid root device|root block device is unspecified|Could not mount specified ROOT",
        r"^!! (?:Block device \S{1,120} is not a valid root device|The root block device is unspecified"
        r"|Could not mount specified ROOT)",
        "the initrd asks for the root device",
        "!! Block device /dev/vdz1 is not a valid root device...",
        until="login",
    ),
    decisive(
        "zfs-root",
        Severity.SHELL,
        Outcome.EMERGENCY_SHELL,
        "Manually import the |Manually mount the |ZFS: Unable to import pool",
        r"^ERROR: ZFS: Unable to import pool|^Manually (?:import the (?:root )?pool|mount the (?:root )?filesystem)",
        "the initrd could not import the root pool",
        "Manually import the pool and exit.",
        until="login",
    ),
    decisive(
        # An emergency shell follows, and tells more where it can be seen.
        "dracut-gave-up",
        Severity.SERVICE,
        Outcome.EMERGENCY_SHELL,
        "Warning: Could not boot|/run/initramfs",
        r"^(?:dracut[\w-]{0,20}(?:\[\d{1,8}\])?: |dracut )?Warning: Could not boot\.?$"
        r"|^Generating \"/run/initramfs",
        "dracut could not boot",
        "dracut-initqueue[71]: Warning: Could not boot.",
        until="login",
    ),
    decisive(
        "root-unmounted",
        Severity.SERVICE,
        Outcome.NO_ROOTFS,
        "Failed to mount |Initrd Root ",
        r"Failed to mount (?:sysroot\.mount - )?/sysroot\.?$"
        r"|Dependency failed for (?:\S{1,40} - )?Initrd Root (?:File System|Device)",
        "the initrd could not mount the root file system",
        "[FAILED] Failed to mount /sysroot.",
        until="login",
    ),
    decisive(
        "start-job-awaited",
        Severity.ATTEMPT,
        Outcome.HANG,
        "A start job is running for ",
        # Whole minutes, and nothing behind them.
        r"A start job is running for (?P<unit>[^\n()]{1,120}) \(\d{1,4}(?:min|h) [^()\n]{1,40}\)",
        "waits for {unit}",
        "[ ***  ] A start job is running for /dev/disk/by-label/none (4min 12s / no limit)",
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
