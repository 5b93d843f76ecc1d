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
        "E/TC:0 0 Core data-abort at address 0x8 (translation fault)",
        "sbi_trap_error: hart7: trap handler failed (error -77)",
        "ERROR:   Unhandled External Abort received on 0x80000007 from EL3",
        "Fsbl Error Status: 0x35",
        "[   12.345678,0] Fatal Exception 0x300 at 00000000300012a4",
        "** Unrecognized filesystem type **\n=> ",
        "UBI init error 22\n=> ",
        "NAND read from offset 200000 failed -74\n=> ",
        '## Error: "bootcmd_none" not defined\n=> ',
        "No valid device tree binary found - please append one to U-Boot binary",
        "“Synchronous Abort” handler, esr 0x02000000",
        'Bad mode in "Irq" handler, esr 0x00000000',
        "   Loading Kernel Image ... data abort\npc : [<47f07777>]          lr : [<47f08888>]",
        "Starting kernel ...\n\nundefined instruction\npc : [<00007777>]",
        "Starting kernel ...\n\nsoftware interrupt\npc : [<00007777>]",
        "** Illegal Instruction **\nCall backtrace:",
        "Bad trap at PC: 7ff7777, SR: 9032, vector=d00",
        "*** Please Reset Board! ***",
        "Ooops:\n$ 0   : 00000000",
        "exception code: 5 , Load access fault , epc 8020aaaa , ra 8020bbbb",
        "ERROR -2: can't get kernel image!\n=> ",
        "## Booting image at 9f077777 ...\nBad Magic Number\n",
        "   Verifying Checksum ... Bad Data CRC\n",
        "ERROR: board-specific fdt fixup failed: FDT_ERR_NOTFOUND",
        "sha256,rsa2048:own- Failed to verify required signature 'key-own'",
        "DRAM:This DRAM setup is currently not supported.",
        "sdram_init: LPDDR4 - 77MHz failed!",
        "Failed to initialize DRAM, halting...",
        "DRAM initialization Failed (res 0x7)",
        "DDR3 init_sequence - FAILED 0x7",
        "channel 7 training failed!\nReturning to boot ROM...",
        "[77770] DTB offset is incorrect, kernel image does not have appended DTB",
        "Trying to boot from MMC1\nspl: mmc init failed with error: -77",
        "Unknown image format!\n=> ",
        "UBI error: cannot attach mtd7\n=> ",
        "Not retrying...\nRISC-V # ",
        "Usb re Boot. 7087143",
        "Fail in Init sdmmc.",
        "NAND: Failed to load image",
        "I> Busy Spin",
        "failed, unexpected end!",
        "DABT (current EL) exception (ESR 0x96000045) at 0x0000000000000077",
        "[ERR] Unable to find bootable image",
        "E (77) boot: No bootable app partitions in the partition table",
    ),
    Outcome.FIRMWARE_FAILURE: (
        "No operating system was loaded. Press a key to retry the boot sequence...",
        "DISK BOOT FAILURE, INSERT SYSTEM DISK AND PRESS ENTER",
        "Non-System disk or disk error\nreplace and strike any key when ready",
        "No boot device available",
        "Trying to load:  from: disk ... E3405: No such device",
        "Unexpected Exception: 6 @ 10:0011a2b3 - Halting",
    ),
    Outcome.KERNEL_PANIC: (
        'panic(cpu 1 caller 0xffffff8001234567): "a freed zone element has been modified"@/x.c:1',
        "*** STOP: 0x0000007B (0xF78D2524,0xC0000034,0x00000000,0x00000000)",
    ),
    Outcome.OOM: (
        "[12.345678 0.000123] [   12.0] Out of memory: Kill process 88 (hog) score 900",
        "[   12s] [   12.0] Out of memory: Kill process 88 (hog) score 900",
    ),
}
OF_A_KERNEL: dict[Outcome, tuple[str, ...]] = {
    Outcome.NO_ROOTFS: (
        "[    2.0] No filesystem could mount root, tried: ext4",
        '[    2.0] VFS: Cannot open root device "" or unknown-block(0,0): error -6',
        "[    9.0] IP-Config: Retrying forever (NFS root)...",
        "[    9.0] Root-NFS: Server returned error -13 while mounting /srv/nfs",
        "Root-NFS: Unable to get nfsd port number from server, using default",
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
    ),
    Outcome.INIT_DIED: (
        "[!!!!!!] Failed to start up manager.",
        "[    1.0] systemd[1]: Exiting PID 1...",
        "INIT: PANIC: segmentation violation at 0x1! sleeping for 30 seconds.",
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
        "[    1.0] Unhandled exception in kernel: sig: 9 [#1]",
        "[    1.0] High Priority Machine Check (HPMC): Code=1 (a sample of a trap) at addr 0000000000000000",
        "Oops: Exception in kernel mode, sig: 7",
        "Oops in fault.c:do_page_fault, line 777:",
        "BAD KERNEL BUSERR: 00000000",
        "swapper(1): Kernel Bug 1",
        "[    1.0] ---[ end trace 0000000000000000 ]---\n[    1.0] Fixing recursive fault but reboot is needed!",
    ),
    Outcome.RCU_STALL: (
        "[   10.0] INFO: RCU detected CPU 1 stall (t=4294904500/750 jiffies)",
        "[   10.0] rcu: \t(detected by 2, t=21007 jiffies, g=-977, q=277)",
        "[   10.0] INFO: rcu_sched detected stalls on CPUs/tasks: { 0} (detected by 1, t=6002 jiffies)",
        "[   10.0] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-... } 5 jiffies s: 77",
    ),
    Outcome.KERNEL_PANIC: ("<0>[    5.123456] -(0)[1:swapper/0]Kernel panic - not syncing: Fatal exception",),
    Outcome.OOM: (
        "[   12.0] hog invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0\n[   12.1] CPU: 0 PID: 88",
        "[   12.0]  [0:      hog:   88] Out of memory: Kill process 88 (hog) score 900 or sacrifice child",
        "[   12.0] nearly done. Out of memory: Killed process 88 (hog) total-vm:1kB",
        "[   12.0,3] Out of memory: Kill process 88 (hog) score 900 or sacrifice child",
        "<4>[   12.0]  (1)[88:hog]Out of memory: Kill process 88 (hog) score 900 or sacrifice child",
    ),
    Outcome.HUNG_TASK: (
        "[  242.0] INFO: task jbd2/sda1-8:123 blocked for more than 120 seconds.",
        "[  242.0] INFO: task kworker/u8:1:123 is blocked on a mutex likely owned by task x:1.",
    ),
    Outcome.LOCKUP: (
        "[   30.0] watchdog: CPU 5 self-detected hard LOCKUP @ queued_spin_lock",
        "[   30.0] NMI backtrace for cpu 1\nBUG: soft lockup - CPU#1 stuck for 67s! [x:1]",
        "[   30.0] watchdog: Watchdog detected hard LOCKUP on cpu 1",
    ),
    Outcome.HANG: ("[   30.0] msm_watchdog f9017000.qcom,wdt: Watchdog bark! Now = 30.1",),
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
        # Where the settings of the boot loader are not found, it uses its own.
        "Loading Environment from MMC... Card did not respond to voltage select! : -110\n"
        "*** Warning - No block device, using default environment\nHit any key to stop autoboot:  0 \n=> ",
        "spl: mmc init failed with error: -110\nTrying to boot from SPI\n## Checking uboot ... OK\n",
        "Found 4 disks\nBootOrder not defined\n",
        "recover4.elf not found (6)\nrecovery.elf not found (6)\nStarting start4.elf @ 0xfec00200\n",
        "start4x.elf not found (6)\n  2.90 Starting start4.elf @ 0xfec00200 partition 0\n",
        "SPL: Unsupported Boot Device!\nTrying to boot from sunxi SPI\n",
        "ABC:BL1:1a2b3c:4d5e6f;FEAT:0;EMMC:800;SD:800;LOOP:1;EMMC:800;SD:0;READ:0;CHK:0;\n",
        "No find bl32.bin\nLoad uboot, ReadLba = 2000\n",
        BANNER + "[    3.0] sample: firmware load error, sig: none\n",
        BANNER + "[    3.0] error in parser of sample.conf, line 77:\n",
        BANNER + "[    3.0] Debug message in sample.c:sample_probe, line 77:\n",
        BANNER + "[    3.0] Sample board, Revision#: 0010\n",
        BANNER + "[    3.0] sample(71): Oops, said the tester 1\n",
        BANNER + "[    3.0] *** SAMPLE DRIVER ***   FORMAT OF THE DISK: 4\n",
        BANNER
        + "[   12.0] hog invoked oom-killer: gfp\n[   12.1] Memory cgroup out of memory: Killed process 88 (hog)\n",
        BANNER + "[    3.0] sample[71]: Oops, the settings are gone\n",
        BANNER + "[    3.0] the log of [1m and [32m is kept\n",
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
        "[[0;32m  OK  [0m] Reached target [0;1;39mMulti-User System[0m.\n",
        "␛[0;32m  OK  ␛[0m Reached target Multi-User System.\n",
    ],
)
def test_what_tells_that_it_is_up(text: str) -> None:
    assert diagnose((BANNER + text).encode()).outcome is Outcome.READY
