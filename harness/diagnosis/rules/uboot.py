"""U-Boot, its SPL, and what it says of kernels it cannot start."""

from __future__ import annotations

from harness.diagnosis.rule import attempt, loader

RULES = (
    loader(
        "uboot-image-magic",
        "mage magic!|zimage: Bad magic!",
        r"Bad Linux (?:ARM64|RISCV|ARM|RISC-V) z?Image magic!|^zimage: Bad magic!",
        "U-Boot: bad kernel image",
        "Bad Linux RISCV Image magic!",
        live=True,
    ),
    loader(
        "uboot-reset-please",
        "Please RESET the board",
        r"### ERROR ### Please RESET the board",
        "U-Boot stopped: please RESET the board",
        "### ERROR ### Please RESET the board ###",
    ),
    loader(
        "uboot-exception",
        " handler, esr|data abort|undefined instruction|prefetch abort|software interrupt|Unhandled exception: ",
        # The words of a forum have curly quotes; a load that is cut short has them at its end ("Image ... data abort").
        r"[\"“](?:Synchronous Abort|Error|Irq|Fiq)[\"”] handler, esr|^Bad mode in [\"“][^\n]{1,40}[\"”] handler, esr"
        r"|(?:^|\.\.\. ?)(?:data abort|undefined instruction|prefetch abort|software interrupt)$"
        r"|^Unhandled exception: (?:Illegal|Load|Store|Instruction|Breakpoint)",
        "U-Boot crashed",
        '"Synchronous Abort" handler, esr 0x96000004, far 0x0',
    ),
    loader(
        "uboot-exception-other",
        "** Illegal Instruction **|** FPU Unavailable|Unexpected exception|Please Reset Board|Bad trap at PC: |Ooops:"
        "|exception code: |Program Check Exception",
        # PowerPC; ColdFire; PowerPC and the rest; MIPS; RISC-V of old.
        r"^\*\* (?:Illegal Instruction|FPU Unavailable) \*\*"
        r"|^\*\*\* (?:Unexpected exception|Please Reset Board!) \*\*\*"
        r"|^Bad trap at PC: [0-9a-f]{1,16}, SR: |^Program Check Exception$|^Ooops:$"
        r"|^exception code: \d{1,3} ?, \S[^\n]{2,40},? ?epc ",
        "U-Boot crashed",
        "*** Unexpected exception ***",
    ),
    loader(
        "spl-no-device",
        "SPL: failed to boot|SPL: unsupported|SPL: Unsupported|SPL: unsupported boot device|SPL: unable to boot",
        r"SPL: (?:failed to boot from all boot devices|[Uu]nsupported [Bb]oot [Dd]evice|unable to boot)",
        "SPL: failed to boot from all boot devices",
        "SPL: failed to boot from all boot devices (err=-6)",
        until="bootloader",
    ),
    loader(
        "spl-load",
        "spl: could not|spl: mmc|SPL: Image not found|spl_load_image|spl: no partition|spl_register_fat_device"
        "|mmc_load_image_raw_sector: ",
        r"^(?:spl: could not (?:initialize|find) mmc|spl: mmc (?:init failed|block device not found)"
        r"|mmc_load_image_raw_sector: mmc block read error"
        r"|spl_load_image_\w{1,20}: error|spl: no partition table found"
        r"|spl_register_fat_device: fat register err|SPL: Image not found)",
        "SPL cannot read its boot device",
        "spl: could not initialize mmc. error: -19",
        until="bootloader",  # it has more than one to try
    ),
    loader(
        "uboot-initcall",
        "initcall ",
        r"^initcall (?:sequence \S{1,40} )?failed at (?:call|event)|^initcall failed at call"
        r"|\binitcall \w{1,60}\(\) failed",
        "U-Boot: an initcall failed",
        "initcall sequence 7ff9a000 failed at call 60012340 (err=-22)",
    ),
    loader(
        "uboot-hanging",
        "hanging",
        r"(?:FDT creation failed! |FDT and ATAGS support not compiled in|^)(?: ?- ?)?hanging\.\.\."
        r"|^resetting \.\.\. hanging",
        "U-Boot hangs on purpose",
        "FDT creation failed! hanging...",
    ),
    loader(
        "uboot-dram",
        "init failed|init FAILED|INIT failed|INIT FAILED|initialization failed|initialization FAILED"
        "|raining failed|raining FAILED|raining Sequence - |alibration failed|alibration FAILED"
        "|DRAM setup is currently not supported|sdram_init: |ailed to init|initialization Failed"
        "|init_sequence - FAILED",
        r"\b(?:(?:LP)?DDR\d?x?|S?DRAM|dram|ddr)[_ ]?(?:PHY )?"
        r"(?:init|INIT|initialization|[Tt]raining(?: Sequence -)?|[Cc]alibration) (?:failed|FAILED)"
        r"|\bDRAM initialization Failed\b|\bDDR\d init_sequence - FAILED|^channel \d training failed!"
        r"|This DRAM setup is currently not supported|^sdram_init: [^\n]{1,60} failed!"
        r"|\b[Ff]ailed to init(?:iali[sz]e)? (?:the )?(?:LPDDR\d?|DDR\d?|S?DRAM)\b",
        "memory could not be set up",
        "DRAM init failed: -110",
    ),
    loader(
        "uboot-image-broken",
        "Bad Data CRC|Bad Data Hash|Bad Magic Number|Bad Header Checksum|can't get kernel image"
        "|amdisk image is corrupt|Bad hash value|Bad gzipped data",
        r"(?:ERROR(?: -\d{1,3})?: can't get kernel image!|Ramdisk image is corrupt or invalid|Bad Data (?:CRC|Hash)"
        r"|Bad hash value|^Bad (?:Magic Number|Header Checksum)(?:,|$)|^Error: Bad gzipped data)",
        "U-Boot: the image is broken",
        "ERROR: can't get kernel image!",
    ),
    loader(
        "uboot-image-format",
        "Wrong Image |Wrong Ramdisk Image |Unsupported Architecture|Wrong FIT format|Bad FIT |find configuration node"
        "|find subimage node|kernel_comp_addr_r|ERROR: booting os",
        r"(?:Wrong (?:Ramdisk )?Image (?:Format|Type) for|Wrong Ramdisk Image Format|^Wrong FIT format"
        r"|^Bad FIT [\w -]{1,30} format!|Could not find (?:configuration|subimage) node|Unsupported Architecture 0x"
        r"|^kernel_comp_addr_r or kernel_comp_size is not provided|^ERROR: booting os [^\n]{1,60} is not supported)",
        "U-Boot: not an image it can start",
        "Wrong Image Format for bootm command",
    ),
    loader(
        "uboot-no-dtb",
        "Flattened Device Tree|alid FDT found|alid device tree|FDT and ATAGS|image is not a fdt|fdt fixup "
        "|Flattened Dev",
        r"ERROR: (?:Did not find a cmdline Flattened Dev|image is not a fdt|\w{1,20}-specific fdt fixup failed"
        r"|fdt fixup event failed)"
        r"|[Nn]o valid FDT found|Could not find a valid device tree|No valid device tree binary found"
        r"|FDT and ATAGS support not compiled",
        "U-Boot: no valid device tree for the kernel",
        "ERROR: Did not find a cmdline Flattened Device Tree",
    ),
    loader(
        "uboot-decompress",
        "uncompress error|must RESET board to recover|uncompress or overwrite|inflate() returned",
        r"(?:uncompress error|must RESET board to recover|uncompress or overwrite error|inflate\(\) returned -)",
        "U-Boot: the kernel could not be decompressed",
        "Image too large: increase CONFIG_SYS_BOOTM_LEN, must RESET board to recover",
    ),
    loader(
        "uboot-must-reset",
        "must RESET the board",
        r"^(?:ERROR: )?(?P<text>[^\n]{1,120}?)[ -]{1,3}must RESET the board",
        "U-Boot stopped: {text}",
        "ERROR: /chosen node create failed - must RESET the board to recover.",
    ),
    loader(
        "uboot-no-room",
        "allocation error|Failed to allocate",
        r"^(?:ramdisk|device tree|cmdline|bd_t) - allocation error"
        r"|^ERROR: Failed to allocate 0x[0-9a-f]{1,16} bytes below 0x",
        "U-Boot: no room for what goes with the kernel",
        "ramdisk - allocation error",
    ),
    loader(
        "uboot-verify",
        "Verif|verification failed|Verified boot failed|verify required signature",
        r"^(?:## )?Verif(?:ying Hash Integrity|ication)[^\n]{0,80}(?:error!|failed)"
        r"|Verified boot failed|AVB: verification failed|\bFailed to verify required signature '",
        "U-Boot: verification failed",
        "Verifying Hash Integrity ... sha256,rsa2048:dev- error!",
    ),
    attempt(
        "uboot-nothing-to-boot",
        "No more bootdevs|No valid bootflow|Unable to read file|Failed to load '|File not found|no kernel image found",
        r"(?:No more bootdevs|No valid bootflow|^\*\* Unable to read file|Failed to load '|^\*\* File not found"
        r"|no kernel image found!)",
        "U-Boot found nothing to boot",
        "Failed to load 'Image.none'",
    ),
    attempt(
        "uboot-no-media",
        "Card did not respond|MMC: no card present|Bad device|BOOTP retry|BOOT retry|Retry count exceeded"
        "|Retry time exceeded|No ethernet found|no mmc device|Invalid partition|TFTP error:|TFTP server died"
        "|** No partition table|** No valid partitions|** Can't read from|** Unrecognized filesystem"
        "|NAND read from offset"
        "|UBI init error|Error reading superblock on volume",
        r"(?:Card did not respond to voltage select|MMC: no card present|^\*\* Bad device|BOOTP? retry (?:limit|time)"
        r"|Retry (?:count|time) exceeded|^No ethernet found|^(?:ERROR: )?no mmc device|Invalid partition \d"
        r"|TFTP (?:error:|server died)|^\*\* (?:No (?:partition table|valid partitions)|Can't read from"
        r"|Unrecognized filesystem)|^NAND read from offset [0-9a-f]{1,16} failed|^UBI init error \d"
        r"|^Error reading superblock on volume)",
        "U-Boot cannot read what it should boot",
        "Card did not respond to voltage select! : -110",
    ),
    attempt(
        "uboot-boot-method",
        "EFI LOAD FAILED|Boot failed (err=|Application failed, r =|' not set|blocks read: ERROR|bytes read: ERROR",
        r"^EFI LOAD FAILED: continuing|^Boot failed \(err=-\d{1,5}\)|^## Application failed, r = [1-9]"
        r"|^\*\*\* ERROR: `(?:serverip|ipaddr|gatewayip)' not set|\d (?:blocks|bytes) read: ERROR",
        "U-Boot: a way to boot failed",
        "Boot failed (err=-14)",
    ),
    attempt(
        "cfe",
        "command status = -",
        r"^\*\*\* command status = -\d{1,4}",
        "CFE: a boot command failed",
        "*** command status = -8",
    ),
    attempt(
        "uboot-command",
        'Unknown command|SCRIPT FAILED|## Error: "',
        r"^Unknown command '|^SCRIPT FAILED: continuing|^## Error: \"\w{1,60}\" not defined",
        "U-Boot: a boot command failed",
        "SCRIPT FAILED: continuing...",
    ),
    attempt(
        "uboot-probing",
        "find partition|set block device|Not retrying...|Cannot load any image"
        "|Unknown image format!|no UBI device selected|cannot attach mtd|cannot initialize UBI|SPI flash|SPI Flash"
        "|select a mode|Config file not found|No boot file defined|mount ext2 filesystem|Can not find directory"
        "|No SCSI devices|mmc_init: -|MMC card init failed",
        r"^Couldn't find partition \w|^Can't set block device|^Not retrying\.\.\."
        r"|^EFI boot manager: Cannot load any image|^Unknown image format!|^Error, no UBI device selected!"
        r"|^UBI error: cannot (?:attach mtd|initialize UBI)|^Failed to (?:initialize|probe) SPI [Ff]lash"
        r"|^unable to select a mode|^Config file not found|No boot file defined|^Failed to mount ext2 filesystem"
        r"|Can not find directory|^No SCSI devices|^mmc_init: -\d|^MMC card init failed",
        "U-Boot found nothing to boot here",
        "Couldn't find partition mmc 7",
    ),
)
