"""From the kernel's last step to the services: initrd shells, emergency modes, services that decide."""

from __future__ import annotations

from harness.diagnosis.diagnosis import Severity
from harness.diagnosis.rule import decisive, warning
from harness.words import Outcome

_SHELL = Severity.SHELL
_EMERGENCY = Outcome.EMERGENCY_SHELL

RULES = (
    decisive(
        "root-device-missing",
        _SHELL,
        Outcome.NO_ROOTFS,
        "Cannot open root device|No filesystem could mount root",
        r"VFS: Cannot open root device \"?(?P<device>[^\s\"]{1,120})"
        r"|(?P<text>VFS: Cannot open root device(?= \"\")|^No filesystem could mount root)",
        "[VFS: Cannot open root device {device}][{text}]",
        '[    2.0] VFS: Cannot open root device "vdz1" or unknown-block(0,0): error -6',
        until="init",
    ),
    decisive(
        "root-device-awaited",
        _SHELL,
        Outcome.NO_ROOTFS,
        "aiting for root device",
        r"^Waiting for root device (?P<device>[^\n]{1,120}?)\.{2,3}",
        "Waiting for root device {device}",
        "[    2.0] Waiting for root device /dev/vdz1...",
        until="root",
    ),
    decisive(
        "root-nfs",
        _SHELL,
        Outcome.NO_ROOTFS,
        "Unable to mount root fs via NFS|Root-NFS: |Retrying forever (NFS root)",
        r"VFS: Unable to mount root fs via NFS"
        r"|Root-NFS: (?:Unable to (?:contact|mount|get (?:nfsd|mountd) port)|Server returned error)"
        r"|IP-Config: Retrying forever \(NFS root\)",
        "VFS: Unable to mount root fs via NFS",
        "[    9.0] VFS: Unable to mount root fs via NFS.",
        until="init",
    ),
    decisive(
        "initramfs-root-missing",
        _SHELL,
        _EMERGENCY,
        "does not exist",
        r"ALERT! +(?P<device>\S{1,200}) does not exist",
        "{device} does not exist: initramfs shell",
        "ALERT!  /dev/disk/by-label/none does not exist.  Dropping to a shell!",
        until="login",
        live=True,
    ),
    decisive(
        "dropped-to-shell",
        _SHELL,
        _EMERGENCY,
        "ropping |ropped ",
        r"\b[Dd]ropp(?:ing|ed) (?:you )?to (?:an? )?(?:emergency |debug |rescue |recovery |interactive "
        r"|limited )?shell\b"
        r"|[Dd]ropp(?:ing|ed) (?:you )?(?:in)?to (?:an? )?(?:emergency|recovery|rescue|debug|initramfs)",
        "dropped to a shell",
        "Could not find the root volume. Dropping to a shell!",
        until="login",
        live=True,
    ),
    decisive(
        "initramfs-prompt",
        _SHELL,
        _EMERGENCY,
        "(initramfs)|rootfs ~ #|dracut:/|[rootfs ",
        r"^\(initramfs\)|^dracut:/[^\n]{0,40}# ?|^\[rootfs [^\]\n]{0,40}\][#$]",
        "initramfs shell",
        "(initramfs) ",
        until="login",
    ),
    decisive(
        "emergency-mode",
        _SHELL,
        _EMERGENCY,
        "mergency mode|mergency Mode",
        r"(?:You are in emergency mode|Entering emergency mode|Welcome to emergency mode)",
        "emergency mode",
        "You are in emergency mode. Have a look at the journal.",
        until="login",
        live=True,
    ),
    decisive(
        "rescue-mode",
        _SHELL,
        _EMERGENCY,
        "rescue mode|mergency shell",
        r"(?:You are in rescue mode|Welcome to rescue mode|[Ss]tarting (?:an? )?emergency shell\b)",
        "rescue mode",
        "You are in rescue mode. Have a look at the journal.",
        until="login",
    ),
    decisive(
        "maintenance-prompt",
        _SHELL,
        _EMERGENCY,
        "maintenance|Cannot open access to console",
        r"^Cannot open access to console, the root account is locked"
        r"|(?:Give root password|Press Enter|Enter root password"
        r"|root password for (?:system )?maintenance)[^\n]{0,40}maintenance",
        "maintenance shell",
        "Press Enter for maintenance",
        until="login",
    ),
    decisive(
        "emergency-target",
        _SHELL,
        _EMERGENCY,
        "Emergency Mode|Rescue Mode|Emergency Shell|emergency.target|rescue.target",
        # Where its shell fails too there is nothing to be entered, but the system was on its way there all the same.
        r"(?:Reached target|Dependency failed for) (?:\S{1,40} - )?"
        r"(?:Emergency Mode|Rescue Mode|emergency\.target|rescue\.target)"
        r"|Failed to start (?:\S{1,40} - )?Emergency Shell",
        "systemd reached its emergency target",
        "[  OK  ] Reached target Emergency Mode.",
        until="login",
    ),
    decisive(
        "fsck-manual",
        _SHELL,
        _EMERGENCY,
        "RUN fsck |requires a manual fsck|repair manually",
        r"UNEXPECTED INCONSISTENCY; RUN fsck (?:MANUALLY|manually)|requires a manual fsck"
        r"|fsck failed\. Please repair manually",
        "fsck needs a person",
        "/dev/vdz1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.",
        until="login",
    ),
    decisive(
        "initramfs-no-init",
        _SHELL,
        _EMERGENCY,
        "No init found. Try passing|doesn't have requested|mounted successfully, but |found on rootdev",
        r"^No init found\. Try passing init= bootarg|Root device mounted successfully, but \S{1,80} does not exist"
        r"|^ERROR: +No \S{1,80} found on rootdev|^Target filesystem doesn't have requested",
        "the initrd found no init on the root file system",
        "Target filesystem doesn't have requested /sbin/starter.",
        until="login",
    ),
    decisive(
        "distribution-rescue",
        _SHELL,
        _EMERGENCY,
        "emergency recovery shell|An error occurred in stage|root block device|Emergency Shell|exiting to /bin/sh"
        "|Bailing out, you are on your own|mount the real root device|No root device specified|Boot has failed"
        "|Switch Root|initrd-switch-root|S to skip mounting or M|maintenance shell will now",
        r"initramfs emergency recovery shell launched|^An error occurred in stage [12] of the boot process"
        r"|^No root device specified\. Boot arguments|not found -- exiting to /bin/sh"
        r"|^(?:dracut(?:\[\d{1,8}\])?:? )?(?:Warning: )?Boot has failed[.,] (?:To debug|sleeping)"
        r"|Failed to start (?:\S{1,40} - )?(?:Switch Root|initrd-switch-root\.service)"
        r"|Press S to skip mounting or M for manual recovery|^A maintenance shell will now be started"
        r"|^Bailing out, you are on your own"
        r"|Failed to mount the real root device|Could not find the root block device"
        r"|Starting (?:\S{1,40} - )?[Dd]racut Emergency Shell",
        "the initrd offers a rescue shell",
        "initramfs emergency recovery shell launched. Type 'exit' to go on",
        until="login",
    ),
    decisive(
        "freezing",
        Severity.PANIC,
        Outcome.INIT_DIED,
        "reezing|Exiting PID 1...|!!!!!!] Failed",
        r"^\[!!!!!!\] Failed to |^systemd\[1\]: Exiting PID 1\.\.\."
        r"|^(?:systemd\[1\]: |\[?!!!!!!\]? ?)(?:[^\n]{0,80}[,.] )?[Ff]reezing(?: execution)?\.?$",
        "systemd froze",
        "[    4.0] systemd[1]: Freezing execution.",
        live=True,
    ),
    decisive(
        "switch-root-failed",
        _SHELL,
        Outcome.INIT_DIED,
        "witch_root: |witch root: |run-init: |can't execute '/sbin/init'|ailed to switch root|to be an OS tree",
        r"(?:switch_root: (?:can't execute|failed to|bad)|run-init: (?:opening console|can't|/\S{1,60}:)"
        r"|Failed to switch root: |can't execute '/sbin/init'|^(?:systemd(?:ctl)?\[\d{1,8}\]: )?"
        r"(?:Not switching root: /sysroot|Specified switch root path \S{1,80}) does not seem to be an OS tree)",
        "no init to switch to",
        "switch_root: can't execute '/lib/nothing': No such file or directory",
        until="login",
    ),
    decisive(
        "mark-failed",
        Severity.SERVICE,
        Outcome.SERVICE_FAILED,
        "bootmatrix: step=",
        r"^bootmatrix: step=(?P<step>[a-z0-9-]{1,64}) status=(?P<status>[1-9]\d{0,4})\b",
        "step {step} ended with status {status}",
        "[    3.0] bootmatrix: step=network status=1 up=3.0",
    ),
    decisive(
        # This target has the emergency one to be started where it fails; its shell decides where it can be seen.
        "local-fs-failed",
        Severity.SERVICE,
        _EMERGENCY,
        "ependency failed for ",
        r"Dependency failed for (?:Local File Systems|local-fs\.target(?: - Local File Systems)?)\.?$",
        "a local file system is missing",
        "[DEPEND] Dependency failed for Local File Systems.",
        until="login",
    ),
    decisive(
        "essential-unit-failed",
        Severity.SERVICE,
        Outcome.SERVICE_FAILED,
        "ependency failed for |ailed to start ",
        r"(?:Dependency failed for|Failed to start) (?P<unit>[^\n]{0,60}?"
        r"(?:Basic System|System Initialization|Multi-User System|Graphical Interface"
        r"|D-Bus System Message Bus|dbus\.service|basic\.target|sysinit\.target"
        r"|multi-user\.target)[^\n]{0,60})",
        "failed: {unit}",
        "[DEPEND] Dependency failed for Basic System.",
        until="login",
    ),
    decisive(
        "respawning",
        Severity.SERVICE,
        Outcome.SERVICE_FAILED,
        "respawning too fast|espawning too rapidly",
        r"INIT: Id \"?(?P<entry>[\w-]{1,20})\"? respawning too fast",
        "init: {entry} respawns too fast",
        'INIT: Id "S0" respawning too fast: disabled for 5 minutes',
        until="login",
    ),
    decisive(
        "sysvinit-crashed",
        Severity.PANIC,
        Outcome.INIT_DIED,
        "INIT: PANIC: ",
        r"^INIT: PANIC: (?P<text>[^\n]{1,80})",
        "init crashed: {text}",
        "INIT: PANIC: segmentation violation! sleeping for 30 seconds.",
    ),
    decisive(
        "sysvinit-idle",
        Severity.SERVICE,
        Outcome.SERVICE_FAILED,
        "INIT: no more processes|INIT: No inittab file",
        r"^INIT: (?P<text>no more processes left in this runlevel|No inittab file found)",
        "init: {text}",
        "INIT: no more processes left in this runlevel",
        until="login",
    ),
    decisive(
        "init-script-missing",
        Severity.SERVICE,
        Outcome.SERVICE_FAILED,
        "can't run '/etc/init.d/rcS'|no such file or directory: '/etc/init.d/rcS'",
        r"can't run '(?P<script>/etc/init\.d/rcS)'",
        "can't run {script}",
        "can't run '/etc/init.d/rcS': No such file or directory",
        until="login",
    ),
    warning(
        "unit-failed",
        "ailed to start |ependency failed for |Failed with result",
        r"(?:^\[(?:FAILED|DEPEND)\]\s?|systemd\[\d{1,8}\]: )(?:Failed to start"
        r"|Dependency failed for) (?P<unit>[^\n]{1,100}?)\.?$",
        "failed: {unit}",
        "[FAILED] Failed to start Sample Collector.",
        traced=False,
    ),
    warning(
        "console-missing",
        "nable to open an initial console",
        r"unable to open an initial console",
        "unable to open an initial console",
        "[    1.0] Warning: unable to open an initial console.",
        traced=False,
    ),
    warning(
        "init-not-started",
        "but couldn't execute it|Failed to execute /",
        r"(?:Failed to execute (?P<path>/\S{1,200}) \(error -?\d{1,3}\)"
        r"|Starting init: \S{1,200} exists but couldn't execute it)",
        "init could not be executed",
        "[    1.0] Starting init: /sbin/init exists but couldn't execute it (error -8)",
        traced=False,
    ),
    warning(
        "dracut-timeout",
        "dracut-initqueue",
        r"dracut-initqueue(?:\[\d{1,8}\])?: (?:Warning: )?dracut-initqueue(?:: |\s)(?:timeout|starting timeout scripts)"
        r"|dracut-initqueue timeout - starting timeout scripts",
        "dracut waits for the root device",
        "dracut-initqueue[71]: Warning: dracut-initqueue timeout - starting timeout scripts",
        traced=False,
    ),
)
