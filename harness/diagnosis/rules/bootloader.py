"""Boot loaders other than U-Boot: GRUB, syslinux, iPXE, systemd-boot, the EFI stub, shim, Android's."""

from __future__ import annotations

from harness.diagnosis.rule import loader

RULES = (
    loader(
        "grub-rescue",
        "grub rescue>",
        r"grub rescue>",
        "GRUB fell back to its rescue shell",
        "grub rescue> ",
        live=True,
    ),
    loader(
        "grub-shell",
        "Minimal BASH-like line editing",
        r"Minimal BASH-like line editing is supported",
        "GRUB has no menu and shows its shell",
        "   Minimal BASH-like line editing is supported. For the first word, TAB lists possible words",
        live=True,
    ),
    loader(
        "grub-error",
        "error: ",
        r"^error: (?P<text>(?:(?:\.\./)?[\w/.-]{0,80}: ?\d{0,5}:? ?)?(?:no such (?:device|partition)"
        r"|file `[^'\n]{1,200}' not found"
        r"|you need to load the kernel first|unknown filesystem|no server is specified"
        r"|attempt to read or write outside of|invalid (?:magic number|arch|file|sector)|out of memory"
        r"|not a regular file"
        r"|premature end of file|disk `[^'\n]{1,80}' not found|symbol [`'][^'\n]{1,80}' not found"
        r"|(?:bad|invalid) (?:shim )?signature|prohibited by secure boot|cannot allocate)[^\n]{0,80})",
        "GRUB: {text}",
        "error: file `/boot/vmlinuz-none' not found.",
    ),
    loader(
        "grub-aborted",
        "Press any key to exit|alloc magic is broken|free magic is broken|Failed to boot both default",
        r"^Aborted\. Press any key to exit|alloc magic is broken|^free magic is broken|^Failed to boot both default",
        "GRUB aborted",
        "Aborted. Press any key to exit.",
    ),
    loader(
        "syslinux",
        "Could not find kernel image|No DEFAULT or UI|Invalid or corrupt kernel|isolinux.bin missing",
        r"(?:Could not find kernel image:|No DEFAULT or UI configuration directive found"
        r"|Invalid or corrupt kernel image"
        r"|isolinux\.bin missing or corrupt)",
        "syslinux found no kernel",
        "Could not find kernel image: vmlinuz-none",
    ),
    loader(
        "ipxe",
        "No more network devices|Could not boot|Nothing to boot|Chainloading failed",
        r"^(?:No more network devices|Could not boot(?: image)?: |Nothing to boot: |Chainloading failed)",
        "iPXE found nothing to boot",
        "No more network devices",
    ),
    loader(
        "systemd-boot",
        "Error loading |Error preparing initrd|Failed to execute |No loader found",
        r"^(?:Error loading (?:\\|EFI)|Error preparing initrd: |Failed to execute [^\n/]{1,80} \(\\)"
        r"|^No loader found\. Configuration files",
        "systemd-boot could not start the kernel",
        r"Error loading \EFI\Linux\none.efi: Not Found",
    ),
    loader(
        "efi-stub",
        "EFI stub: ERROR",
        r"EFI stub: ERROR: (?P<text>(?!FIRMWARE BUG)[^\n]{1,120})",
        "EFI stub: {text}",
        "EFI stub: ERROR: Failed to allocate memory for the kernel",
    ),
    loader(
        "shim",
        "omething has gone seriously wrong|Security Violation|Secure Boot Violation|start_image() returned",
        r"Something has gone seriously wrong|(?:Verification failed: )?\(0x1A\) Security Violation"
        r"|Secure Boot Violation"
        r"|start_image\(\) returned (?!Success)",
        "secure boot refused what was to be started",
        "Something has gone seriously wrong: shim_init() failed: Not Found",
    ),
    loader(
        "fastboot",
        "ailed to load/authenticate boot image|LoadImageAndAuth failed|Load Error: failed"
        "|Could not do normal boot|Android boot failed",
        r"(?:Failed to load/authenticate boot image|LoadImageAndAuth failed|Load Error: failed to load boot image"
        r"|ERROR: Could not do normal boot|Android boot failed)",
        "Android's boot loader could not load the boot image",
        "Failed to load/authenticate boot image: Load Error",
    ),
    loader(
        "barebox",
        "Booting entry '|booting '|Nothing bootable",
        r"^(?:Booting entry '[^'\n]{1,80}' failed|booting '[^'\n]{1,80}' failed: |Nothing bootable found)",
        "barebox found nothing to boot",
        "Booting entry 'sd-card' failed",
    ),
    loader(
        "kexec-petitboot",
        "kexec load failed|kexec: failed to load|No boot options found",
        r"(?:petitboot: |^)(?:kexec load failed|kexec: failed to load)|No boot options found, dropping",
        "petitboot could not load the kernel",
        "kexec load failed: the file has no ELF header",
    ),
    loader(
        "lilo",
        "L 99 99|L 01 01|L 80 80",
        r"^L (?:99 99|01 01|80 80)",
        "LILO cannot read its disk",
        "L 99 99 99 99",
    ),
    loader(
        "windows-bootmgr",
        "BOOTMGR is |NTLDR is ",
        r"^(?:BOOTMGR|NTLDR) is (?:missing|compressed)",
        "Windows' boot manager is missing",
        "BOOTMGR is missing",
    ),
)
