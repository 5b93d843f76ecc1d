"""Firmware: BIOS, EDK2, coreboot, OpenSBI, OP-TEE, SLOF, and the first stages of TF-A and IBM Z.

What loads the next stage and fails at it is a boot loader, whatever its name: TF-A's BL1 and BL2, IBM Z's IPL. So is
what a boot loader of a board brings along and starts before itself: TF-A's BL31, OP-TEE, OpenSBI.
"""

from __future__ import annotations

from harness.diagnosis.rule import firmware, loader

RULES = (
    firmware(
        "bios-no-device",
        "No bootable|no bootable|No boot device available|Boot Device Not Found|oot Device Found|oot device found"
        "|Boot Device Missing|selected boot device failed",
        r"(?:No bootable device\.|^No bootable devices?\b|BdsDxe: No bootable option or device was found"
        r"|No bootable (?:medium|media|disk|partition) found)|^No boot device available|^Boot Device Not Found"
        r"|^No (?:Boot Device Found|boot device found)|^Default Boot Device Missing|^The selected boot device failed",
        "no bootable device",
        "BdsDxe: No bootable option or device was found.",
        live=True,
    ),
    firmware(
        "bios-no-system",
        "perating system|perating System|OPERATING SYSTEM|roper Boot device|nsert boot media|nsert system dis"
        "|DISK BOOT FAILURE|Non-System disk|nvalid system disk|INT18: BOOT FAILURE",
        r"(?:[Mm]issing operating system|[Oo]perating [Ss]ystem (?:not|wasn't) found|OPERATING SYSTEM NOT FOUND"
        r"|Reboot and Select proper Boot device|[Ii]nsert (?:boot media|system dis[ck])"
        r"|Error loading operating system)|^No [Oo]perating [Ss]ystem was [Ll]oaded\b"
        r"|^DISK BOOT FAILURE, INSERT SYSTEM DISK"
        r"|^Non-System disk or disk error|^Invalid system disk|^FATAL: INT18: BOOT FAILURE",
        "no operating system found",
        "Reboot and Select proper Boot device",
    ),
    firmware(
        "bios-disk-unbootable",
        "Boot failed: |not a bootable disk|disk read error",
        r"Boot failed: (?:not a bootable disk|could not read the boot disk)|^A disk read error occurred",
        "the disk cannot be booted",
        "Boot failed: could not read the boot disk",
        until="bootloader",
    ),
    firmware(
        "pxe",
        "PXE-E",
        r"^PXE-E(?P<number>[0-9A-F]{2}): (?P<text>[^\n]{1,80})",
        "PXE: {text}",
        "PXE-E53: No boot filename received",
        until="bootloader",  # the network is but one of the things it tries
    ),
    firmware(
        "uefi-shell",
        "Shell>",
        r"^Shell> ?$",
        "dropped to the UEFI shell",
        "Shell> ",
        live=True,
    ),
    firmware(
        "edk2-exception",
        "Exception Type",
        r"!!!! (?:X64|IA32|AARCH64|ARM|RISCV64|LoongArch) ?Exception Type",
        "firmware crashed",
        "!!!! X64 Exception Type - 0D(#GP - General Protection)  CPU Apic ID - 00000001 !!!!",
        live=True,
    ),
    firmware(
        "edk2-exception-arm",
        "Synchronous Exception|SError Exception",
        r"^(?:Synchronous|SError) Exception at 0x",
        "firmware crashed",
        "Synchronous Exception at 0x00000000BEEF1234",
        live=True,
    ),
    firmware(
        "edk2-assert",
        "ASSERT",
        r"^(?:DXE_)?ASSERT (?:\[\w{1,60}\] |\()?[^\n]{1,200}\.[ch]\(\d{1,6}\)|^ASSERT_(?:EFI|RETURN)_ERROR",
        "firmware assertion",
        "ASSERT [SampleDxe] /src/SamplePkg/SampleDxe/Sample.c(77): Size != 0",
    ),
    loader(
        "tfa-panic",
        "PANIC at PC|PANIC in EL|Unhandled Exception |BACKTRACE: START: |ASSERT: |on received on 0x"
        "|External Abort received on 0x",
        r"^(?:PANIC (?:at PC|in EL\d)|Unhandled Exception (?:in|from) EL\d|BACKTRACE: START: (?:plat_panic|do_panic))"
        r"|^ERROR: {1,4}(?:Excepti?on|Unhandled External Abort) received on 0x"
        r"|^ASSERT: (?:File )?[\w./-]{1,120}\.[ch](?::| Line )\d{1,6}",
        "trusted firmware panicked",
        "PANIC at PC : 0x00000000ff3a2c10",
    ),
    loader(
        "tfa-load",
        "Failed to load |Failed to access ",
        r"^(?:ERROR: +|E> )?(?:BL\d\w{0,2}: )?Failed to (?:load|access) (?:image|BL\d)",
        "trusted firmware cannot load the next stage",
        "ERROR:   BL1: Failed to load BL2 firmware.",
    ),
    loader(
        "optee-panic",
        "E/TC:",
        r"E/TC:[\w? ]{1,12} (?:0 )?(?:Panic |Core (?:data|prefetch)-abort at address )",
        "OP-TEE panicked",
        "E/TC:0 0 Panic at core/kernel/sample.c:42 <sample_init>",
    ),
    loader(
        "opensbi",
        "sbi_trap_error|init_coldboot: |init_warmboot: ",
        r"(?:sbi_trap_error: hart\d{1,5}: |init_(?:cold|warm)boot: [^\n]{1,60} failed)",
        "OpenSBI failed",
        "init_coldboot: platform early init failed (error -3)",
    ),
    firmware(
        "coreboot",
        "Payload not loaded|Could not find a payload|ASSERTION ERROR: file|Couldn't load |Unexpected Exception: ",
        r"^(?:Payload not loaded|Could not find a payload|(?:\[EMERG\] +)?(?:ASSERTION ERROR: file"
        r"|Couldn't load (?:\S{1,20}/)?payload))"
        r"|^Unexpected Exception: \d{1,3} @ [0-9a-f]{2}:[0-9a-f]{8,16} - Halting",
        "coreboot found no payload, or could not start it",
        "Could not find a payload",
    ),
    firmware(
        "slof",
        "E340|Not a bootable device!",
        r"\bE340\d: [A-Z]|Not a bootable device!",
        "SLOF found no bootable device",
        "E3405: No such device",
    ),
    loader(
        "s390-ipl",
        "Failed to IPL|! No |! Cannot read|! Program has|! Invalid ",
        r"(?:Failed to IPL|^! (?:No (?:virtio|IPL)|Cannot read|Program has overlapped"
        r"|Invalid [^\n]{1,40}) ?[^\n]{0,60}!)",
        "the IPL failed",
        "! No virtio device found !",
    ),
    loader(
        "memory-training",
        "emory training failed|emory training error|Memory Training Failed|emory initialization failed"
        "|emory initialization error|emory init failed|emory init error|ERROR: MRC|FspMemoryInit returned"
        "|RAM INIT FAILURE",
        r"[Mm]emory (?:training|init(?:ialization)?) (?:failed|error)|Memory Training Failed|^ERROR: MRC"
        r"|FspMemoryInit returned an error|^RAM INIT FAILURE",
        "memory could not be set up",
        "Memory training failed on channel 0",
    ),
    firmware(
        "hardware-post",
        "No memory |No usable memory ",
        r"^(?:ERROR: )?No (?:usable )?memory (?:was )?(?:found|detected|installed)",
        "firmware found no memory",
        "ERROR: No memory found",
    ),
)
