"""What boards' makers put before U-Boot or Linux: boot ROMs, first stage loaders, firmware of POWER and SPARC."""

from __future__ import annotations

from harness.diagnosis.rule import firmware, loader

RULES = (
    loader(
        "xilinx-first-stage",
        "FSBL Status = 0x|Fsbl Error Status: 0x|PLM Error Status: 0x",
        r"^FSBL Status = 0x(?P<number>[0-9A-Fa-f]{4,8})|^(?:Fsbl|PLM) Error Status: 0x(?P<status>[0-9A-Fa-f]{2,8})",
        "the first stage loader failed[ with 0x{number}][ with 0x{status}]",
        "FSBL Status = 0xA012",
    ),
    loader(
        "marvell-boot-rom",
        "BootROM: Bad header|BootROM: Image checksum",
        r"^BootROM: (?:Bad header at offset|Image checksum verification FAILED)",
        "the boot ROM found no boot loader",
        "BootROM: Bad header at offset 00200000",
    ),
    loader(
        "skiboot",
        "Assert fail: |Fatal Exception 0x|Fatal MCE at ",
        r"^(?:Assert fail: \S{1,80}:\d{1,6}|Fatal (?:Exception 0x[0-9a-f]{3,16}|MCE) at )",
        "skiboot crashed",
        "Assert fail: core/sample.c:77:chip",
    ),
    firmware(
        "openbios",
        "No valid state has been set by|Unhandled Exception 0x|ERROR: Last Trap: ",
        r"^No valid state has been set by load or init-program|^Unhandled Exception 0x[0-9a-f]{8,16}"
        r"|^ERROR: Last Trap: ",
        "Open Firmware could not boot",
        "No valid state has been set by load or init-program",
    ),
    loader(
        "amlogic-boot-rom",
        ";LOOP:",
        r"^\w{3,5}:BL1?:[0-9a-f]{6}:[0-9a-f]{6};[^\n]{0,400}?;LOOP:(?:[2-9A-F]|[1-9A-F][0-9A-F]);",
        "the boot ROM finds no boot loader, and goes round",
        "GXZ:BL1:1a2b3c:4d5e6f;FEAT:0;POC:0;EMMC:800;LOOP:1;EMMC:800;LOOP:2;",
        until="bootloader",
    ),
    loader(
        "rockchip-miniloader",
        "Usb re Boot|No find trust.img|No find uboot.img|LoadTrustBL error",
        r"^Usb re Boot\. ?\d|^No find (?:trust|uboot)\.img!|^LoadTrustBL error ?: ?-\d",
        "the first stage loader found no boot loader",
        "No find uboot.img!",
        until="bootloader",
    ),
    loader(
        "allwinner-boot0",
        "find the head of uboot|oading boot-pkg fail|initializing dram fail|fail in booting from|Fail in Init sdmmc",
        r"NOT find the head of uboot|^Loading boot-pkg fail|initializing dram fail|^fail in booting from"
        r"|^Fail in Init sdmmc",
        "the first stage loader found no boot loader",
        "Loading boot-pkg fail(error=7)",
        until="bootloader",
    ),
    loader(
        "at91bootstrap",
        "Failed to load image|Failed to load linux",
        r"^(?:SD/MMC|NAND|DF|SF|FLASH|QSPI): Failed to load (?:image|linux)|^Failed to load image!?$",
        "the first stage loader could not load the next one",
        "SD/MMC: Failed to load image",
        until="bootloader",
    ),
    loader(
        "starfive-boot-rom",
        "BOOT fail,",
        r"^BOOT fail, ?Error is 0x[0-9a-f]{8}",
        "the boot ROM found no boot loader",
        "BOOT fail,Error is 0xfffffff7",
        until="bootloader",
    ),
    loader(
        "tegra-first-stage",
        "> Task 0x|> Busy Spin",
        r"^[CE]> Task 0x[0-9a-f]{1,4} failed|^I> Busy Spin",
        "the first stage loader failed",
        "C> Task 0x7 failed (err: 0x1a2b3c4d)",
        until="bootloader",
    ),
    loader(
        "mips-kernel-loader",
        "failed, data error|failed, incorrect|failed, unexpected|LZMA stream properties",
        r"^(?:Decompressing kernel\.\.\. ?)?failed, (?:data error|incorrect|unexpected)"
        r"|^Incorrect LZMA stream properties",
        "the kernel could not be decompressed",
        "Decompressing kernel... failed, data error!",
    ),
    loader(
        "barebox-exception",
        "dereference at address 0x|request at address 0x|EL) exception",
        r"^unable to handle (?:NULL pointer dereference|paging request) at address 0x"
        r"|^[DI]ABT \((?:current|lower) EL\) exception ",
        "barebox crashed",
        "unable to handle paging request at address 0x0000beef",
    ),
    loader(
        "microcontroller",  # ESP32's ROM and second stage, MCUboot
        "invalid header: 0x|flash read err|bootable app partitions|partition is not bootable|csum err:"
        "|find bootable image",
        r"^invalid header: 0x[0-9a-f]{8}|^flash read err, \d|^csum err:0x[0-9a-f]{2}!="
        r"|\bboot: (?:No bootable app partitions|Factory app partition is not bootable)"
        r"|^(?:E: |\[ERR\] ?)Unable to find bootable image",
        "the boot loader found no program",
        "invalid header: 0xfffffffe",
        until="bootloader",
    ),
    loader(
        "raspberrypi-eeprom",
        ".elf not found",
        # recover4.elf and recovery.elf are looked for at every start, and hardly ever there.
        r"^(?:\d{1,4}\.\d\d )?start\w{0,4}\.elf not found \(\d",
        "the boot loader of the Raspberry Pi finds no firmware",
        "start4.elf not found (7)",
        until="bootloader",
    ),
)
