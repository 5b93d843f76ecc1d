"""Other wordings that a rule knows, beside its example: one a line of what makes the outcome.

The words are those of the programs' own sources; names and numbers in them are made up.
"""

from __future__ import annotations

import pytest

from harness.diagnosis.diagnoser import diagnose
from harness.words import Outcome

BANNER = "[    0.000000] Linux version 6.12.1 (builder@host) (gcc) #1\n"
BEFORE_A_KERNEL: dict[Outcome, tuple[str, ...]] = {
    Outcome.BOOTLOADER_FAILURE: (
        "Starting\nBad Linux ARM zImage magic!\n=> ",
        "zimage: Bad magic!\n=> ",
        "ERROR: fdt move failed - must RESET the board to recover.",
        "ramdisk - allocation error\n=> ",
        "device tree - allocation error\nFDT creation failed!",
        "Bad FIT kernel image format!\nERROR: can't get kernel image!\n=> ",
        "Could not find configuration node\n=> ",
        "Wrong FIT format: no description\n=>",
        "EFI LOAD FAILED: continuing...\n=> ",
        "Boot failed (err=-14)\n=> ",
        "*** ERROR: `serverip' not set\n=> ",
        "MMC read: dev # 0, block # 2048, count 16384 ... 0 blocks read: ERROR\n=> ",
        "board_init_f(): initcall dram_init() failed\n### ERROR ###",
        "initcall_run_f(): initcall dram_init() failed",
        "spl: mmc init failed with error: -70\nSPL: failed to boot from all boot devices",
        "spl: mmc init failed with error: -70",
        "mmc_load_image_raw_sector: mmc block read error",
        "DDR3 Training Sequence - FAILED",
        "DDR4 training failed!",
        "LPDDR4 PHY training failed",
        "*** command status = -8\nCFE> ",
        "Unknown command 'bootx' - try 'help'\nMarvell>> ",
        "ASSERT: drivers/io/io_storage.c:123",
        "error: failure reading sector 0x802 from `hd0'.\nEntering rescue mode...",
        "error: verification requested but nobody cares: (hd0,gpt2)/vmlinuz.",
        "error: couldn't send network packet.",
        "error: can't find command `linux'.",
        "System is compromised.  halting.",
        "Bootloader has not verified loaded image",
        "SBAT self-check failed: Security Policy Violation",
        "Failed to open \\EFI\\BOOT\\grubx64.efi - Not Found",
        "exit_boot() failed!\nefi_main() failed!",
        "Failed to load ldlinux.c32\nBoot failed: please change disks and press a key to continue.",
        "Failed to load COM32 file vesamenu.c32\nboot: ",
        "Loading vmlinuz... failed: No such file or directory\nboot: ",
        "Error 15: File not found\n\nPress any key to continue...",
        "GRUB Loading stage1.5.\n\n\nGRUB loading, please wait...\nError 17",
        "GRUB Hard Disk Error",
        "ERROR: Invalid boot image header",
        "Error: Appended Soc Device Tree blob not found",
        "B -    213104 - Error code 300e at boot_pbl_accessor.c Line 132",
        "<ASSERT> partition.c:line 219 0",
        "panic (caller 0x8f6013bd): ASSERT FAILED at (platform/msm_shared/mmc.c:123): foo\nHALT: spinning forever...",
        "RAM INIT FAILURE!",
        "Fsbl Error Status: 0x35",
        "[   12.345678,0] Fatal Exception 0x300 at 00000000300012a4",
        "** Unrecognized filesystem type **\n=> ",
        "UBI init error 22\n=> ",
        "NAND read from offset 200000 failed -74\n=> ",
        '## Error: "bootcmd_none" not defined\n=> ',
        "No valid device tree binary found - please append one to U-Boot binary",
        "tftp://192.0.2.1/none.0... Error 0x7f048283 (http://ipxe.org/7f048283)\niPXE> ",
        "Could not start download: Operation not supported (https://ipxe.org/3c092003)",
        "error: file '/vmlinuz' not found\n\nPress any key to continue...",
        "error: Unknown filesystem.\nentering rescue mode...",
        "unknown filesystem.\nGRUB is lost",
        "error: Secure Boot forbids loading module from (hd0,gpt1)/grub/x86_64-efi/linux.mod.",
        "error: cannot load image.",
        r"Error loading EFI binary \EFI\Linux\one.efi: Not Found",
        "Unable to locate embedded .linux section: Not Found",
        "Error: Access Denied while loading two.efi",
        "PANIC: limine: The loader could not find its own disk",
    ),
    Outcome.FIRMWARE_FAILURE: (
        "No operating system was loaded. Press a key to retry the boot sequence...",
        "DISK BOOT FAILURE, INSERT SYSTEM DISK AND PRESS ENTER",
        "Non-System disk or disk error\nreplace and strike any key when ready",
        "No boot device available",
        "Trying to load:  from: disk ... E3405: No such device",
        "Unexpected Exception: 6 @ 10:0011a2b3 - Halting",
        "E/TC:0 0 Core data-abort at address 0x8 (translation fault)",
        "No Boot Device Found. Press any key to reboot the machine",
        "An operating system wasn't found. Try disconnecting any drives that don't contain one.",
        "FATAL: INT18: BOOT FAILURE",
        "No Operating System was Loaded.\nPress a key to retry the boot sequence...",
        "Boot Failed. EFI Sample Device. Failed Secure Boot Verification.",
        "1. Sample Disk (0,0)\n   The unsigned image's hash is not allowed (DB)",
        "Invalid signature detected. Check Secure Boot Policy in Setup",
        "Image failed to verify with *ACCESS DENIED*\nPress any key to continue",
        "Operating System Loader failed signature verification.",
    ),
    Outcome.KERNEL_PANIC: (
        'panic(cpu 1 caller 0xffffff8001234567): "a freed zone element has been modified"@/x.c:1',
        "*** STOP: 0x0000007B (0xF78D2524,0xC0000034,0x00000000,0x00000000)",
        "2024-01-02T03:04:05.678Z cpu3:71)@BlueScreen: PCPU 2: no heartbeat (1/2 IPIs received)",
        "Fatal trap 9: general protection fault while in kernel mode\ncpuid = 1; apic id = 01",
    ),
    Outcome.OOM: (
        "[12.345678 0.000123] [   12.0] Out of memory: Kill process 88 (hog) score 900",
        "[   12s] [   12.0] Out of memory: Kill process 88 (hog) score 900",
    ),
}
OF_A_KERNEL: dict[Outcome, tuple[str, ...]] = {
    Outcome.NO_ROOTFS: (
        "[    2.0] No filesystem could mount root, tried: ext4",
        "[    9.0] IP-Config: Retrying forever (NFS root)...",
        "[    9.0] Root-NFS: Server returned error -13 while mounting /srv/nfs",
        "Kernel panic-not syncing: VFS: unable to mount root fs on unknown-block(9,9)",
        "[    2.0] kernel panic -- not syncing: VFS: Unable to mount root fs on unknown-block(9,9)",
        "Jan  2 03:04:05 host systemd[1]: Failed to mount sysroot.mount - /sysroot.",
        "[DEPEND] Dependency failed for initrd-root-fs.target - Initrd Root File System.",
        "[    2.0] dracut: FATAL: Don't know how to handle 'root=/dev/foo'\n[    2.1] dracut: Refusing to continue",
    ),
    Outcome.EMERGENCY_SHELL: (
        "Unable to find a medium containing a live file system",
        "BOOT FAILED!\n\nThis Debian Live image failed to boot.",
        "No root device specified. Boot arguments must include a root= parameter.",
        'dracut Warning: Boot has failed. To debug this issue add "rdshell" to the kernel command line.',
        "Cannot open access to console, the root account is locked.",
        "Rebooting automatically due to panic= boot argument",
        "ERROR: Root device mounted successfully, but /sbin/init does not exist.",
        "ERROR:  No /sbin/init found on rootdev (or not mounted).  Trouble ahead.",
        "ERROR: Failed to mount the real root device.\nBailing out, you are on your own. Good luck.",
        "/dev/disk/by-id/none not found -- exiting to /bin/sh",
        "/dev/vdz1: UNEXPECTED INCONSISTENCY; RUN fsck manually.",
        "[FAILED] Failed to start initrd-switch-root.service - Switch Root.",
        "dracut: Boot has failed, sleeping forever.",
        "Warning: Could not boot.",
        'Generating "/run/initramfs/rdsosreport.txt"',
        "[DEPEND] Dependency failed for local-fs.target - Local File Systems.",
        "host dracut-initqueue[412]: Warning: Could not boot.",
        "[FAILED] Failed to start Emergency Shell.\n[DEPEND] Dependency failed for Emergency Mode.",
        "[  OK  ] Reached target emergency.target.",
        "Ignition has failed. Please ensure your config is valid.",
        "CRITICAL : Ignition failed: failed to fetch config: resource not found",
        "Press S to skip mounting or M for manual recovery",
        "No pool imported.\nManually import the root pool at the command prompt and then exit.",
        "!! The root block device is unspecified or not detected.",
        "ERROR: ZFS: Unable to import pool tank.",
        "ERROR: '/dev/disk/by-label/NONE' device did not show up after 30 seconds...",
        "no device with valid ISO found, please check your installation medium",
        # The getty target is reached on the way to the emergency one.
        "[  OK  ] Reached target Login Prompts.\n[  OK  ] Reached target emergency.target - Emergency Mode.",
    ),
    Outcome.INIT_DIED: (
        "[!!!!!!] Failed to start up manager.",
        "[    1.0] systemd[1]: Exiting PID 1...",
        "INIT: PANIC: segmentation violation at 0x1! sleeping for 30 seconds.",
        "Mär  2 03:04:05 host systemd[1]: Freezing execution.",
        "systemd[1]: Not switching root: /sysroot does not seem to be an OS tree. os-release is missing.",
        "[    3.0] Kernel panic \u2013 not syncing: attempted to kill init!",
        "kernel panic -- not sysncing: Attempt to kill init",
    ),
    Outcome.SERVICE_FAILED: (
        "INIT: No inittab file found",
        "INIT: no more processes left in this runlevel",
    ),
    Outcome.OOPS: (
        "[    1.0] do_cpu invoked from kernel context![#1]:",
        "[    1.0] swapper/0(1): Kernel bad sw trap 5 [#1]",
        "[    1.0] Bad kernel stack pointer 3fffe at c0000000000",
        "[    1.0] Unable to handle kernel paging request at virtual address 00",
        "[    1.0] CPU 0 Unable to handle kernel paging request at virtual address 00000008, epc == 80123, ra == 80124",
        "[    1.0] invalid opcode: 0000 [1] SMP",
        "[    1.0] Kernel BUG at mm/sample.c:77",
        "[    1.0] list_add double add: new=ffff8880, prev=ffff8880, next=ffff8880.",
        "[    1.0] illegal operation: 0001 ilc:1 [#1] SMP",
        "[    1.0] Data machine check in kernel mode.",
        "[    1.0] Unable to handle kernel access at virtual address 12345678",
    ),
    Outcome.RCU_STALL: (
        "[   10.0] INFO: RCU detected CPU 1 stall (t=4294904500/750 jiffies)",
        "[   10.0] INFO: rcu_sched detected stalls on CPUs/tasks: { 0} (detected by 1, t=6002 jiffies)",
        "[   10.0] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-... } 5 jiffies s: 77",
    ),
    Outcome.KERNEL_PANIC: ("<0>[    5.123456] -(0)[1:swapper/0]Kernel panic - not syncing: Fatal exception",),
    Outcome.OOM: (
        "[   12.0]  [0:      hog:   88] Out of memory: Kill process 88 (hog) score 900 or sacrifice child",
        "[   12.0] nearly done. Out of memory: Killed process 88 (hog) total-vm:1kB",
        "[   12.0,3] Out of memory: Kill process 88 (hog) score 900 or sacrifice child",
        "<4>[   12.0]  (1)[88:hog]Out of memory: Kill process 88 (hog) score 900 or sacrifice child",
    ),
    Outcome.HUNG_TASK: (
        "[  242.0] INFO: task jbd2/sda1-8:123 blocked for more than 120 seconds.",
        "[  242.0] INFO: task kworker/u8:1:123 is blocked on a mutex likely owned by task x:1.",
        'host kernel: "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
    ),
    Outcome.LOCKUP: (
        "[   30.0] watchdog: CPU 5 self-detected hard LOCKUP @ queued_spin_lock",
        "[   30.0] NMI backtrace for cpu 1\nBUG: soft lockup - CPU#1 stuck for 67s! [x:1]",
        "[   30.0] watchdog: Watchdog detected hard LOCKUP on cpu 1",
    ),
    Outcome.HANG: (
        "[   30.0] msm_watchdog f9017000.qcom,wdt: Watchdog bark! Now = 30.1",
        "[ ***  ] A start job is running for Wait for Network to be Configured (2min 5s / no limit)",
    ),
}


def each(table: dict[Outcome, tuple[str, ...]]) -> list[tuple[Outcome, str]]:
    return [(outcome, text) for outcome, texts in table.items() for text in texts]


@pytest.mark.parametrize(("outcome", "text"), each(BEFORE_A_KERNEL))
def test_before_a_kernel(outcome: Outcome, text: str) -> None:
    assert diagnose(text.encode()).outcome is outcome


@pytest.mark.parametrize(("outcome", "text"), each(OF_A_KERNEL))
def test_of_a_kernel(outcome: Outcome, text: str) -> None:
    assert diagnose((BANNER + text).encode()).outcome is outcome


@pytest.mark.parametrize(
    "text",
    [
        "PXE-E61: Media test failure, check cable\nGNU GRUB  version 2.12\n",
        "No more network devices\nBooting from Hard Disk...\nGNU GRUB  version 2.12\n",
        "error: file `/boot/grub/fonts/unicode.pf2' not found.\n",
        "error: file `/EFI/debian/x86_64-efi/command.lst' not found.\n",
        "error: no suitable video mode found.\n",
        "error: terminal `serial' isn't found.\n",
        "*** Warning - bad CRC, using default environment\n",
        BANNER + "[    3.0] remoteproc remoteproc0: Failed to load image\n",
        BANNER + "[    3.0] traps: x[12] general protection fault ip:7f sp:7f error:0 in libc.so[7f]\n",
        BANNER + "[    3.0] watchdog: watchdog0: watchdog did not stop!\n",
        BANNER + "[    3.0] e1000e: Detected Hardware Unit Hang:\n",
        BANNER + "[    3.0] lowmemorykiller: Killing 'x' (123), adj 900,\n",
        BANNER + "[    3.0] Error 2: strange\n",
        BANNER + "[    3.0] systemd[1]: Failed to start Sample.\n[    9.0] systemd[1]: emergency.service: Succeeded\n",
        BANNER + "Starting rescue mode sshd: done\n",
        BANNER + "[ ***  ] A start job is running for Sample (3s / 1min 30s)\n",
        BANNER + "[ ***  ] A start job is running for Sample (1min 2s / no limit)\n[  OK  ] Started Sample.\n",
        BANNER + "[    9.0] Out of memory and no killable processes...\n",
        BANNER + "systemd[1]: Failed to mount /sysroot/extra.\n",
        BANNER + "grep hung_task_timeout_secs /etc/sysctl.conf\n",
        BANNER + "ignition[71]: Ignition finished successfully\n",
        BANNER + "[    9.0] ACPI Error: Aborting method \\\\_SB.X._INI due to previous error (AE_NOT_FOUND)\n",
        BANNER + "kernel.panic = 10\nkernel.panic_on_oops = 1\n",
        "error: no such device: 12ab-34cd.\n[  OK  ] Created slice Slice /system/sample.\n",
        "net0: 52:54:00:12:34:56 using sample\n  [Link status: Down (https://ipxe.org/38086193)]\n",
        "Waiting for link-up on net0... Down (https://ipxe.org/38086193)\n",
        "http://192.0.2.1/a... Connection timed out (https://ipxe.org/4c0a6092)\nWelcome to GRUB!\n",
    ],
)
def test_what_good_boots_say_is_no_failure(text: str) -> None:
    assert diagnose(text.encode()).outcome is Outcome.INCOMPLETE


@pytest.mark.parametrize(
    "text",
    [
        "[root@sample /]# ",
        "/root # ",
        "sample_x86_64:/data # ",
        "MikroTik 7.1 (stable)\nMikroTik Login: ",
        "Cloud-init v. 24.1 finished at Mon, 01 Jan 2024 00:00:00 +0000. Datasource DataSourceEc2.  Up 30.42 seconds\n",
        "[   30.0] init: Service 'bootanim' (pid 300) exited with status 0\n",
        "[  OK  ] Started getty@tty1.service - Getty on tty1.\n",
        "[  OK  ] Reached target graphical.target.\n",
        "host login: 2024/01/02 03:04:05Z: Sample Agent v1.2 is running\n",
        "host login: ci-info: no authorized SSH keys fingerprints found\n",
        "Last login: Tue Jan  2 03:04:05 from 192.0.2.1\n",
        "<14>Jan  2 03:04:05 cloud-init: -----END SSH HOST KEY FINGERPRINTS-----\n",
        "Sample release 9 (Name)\nKernel 5.14.0-1.x86_64 on an x86_64\n",
        "This is host (Linux x86_64 6.1.2-sample) 03:04:05\n",
        "Welcome to Sample Linux 15 (x86_64) - Kernel 6.4.0-default (ttyS0).\n",
        "Jan  2 03:04:05 host systemd: Startup finished in 1s (kernel) + 2s (userspace) = 3s.\n",
        "Sample Linux 12.3 (Name) host ttyS0\n",
        "[   30.0] [talos] machine is running and ready\n",
        "EVENT:   The CMD command is now available.\nSAC>",
        "startup: Instance setup finished. sample-vm is ready to use.\n",
    ],
)
def test_what_tells_that_it_is_up(text: str) -> None:
    assert diagnose((BANNER + text).encode()).outcome is Outcome.READY
