"""Boot loaders other than U-Boot: GRUB, iPXE, systemd-boot, the EFI stub, shim, barebox, petitboot."""

from __future__ import annotations

from harness.diagnosis.rule import loader

RULES = (
    loader(
        "grub-rescue",
        "grub rescue>|Entering rescue mode...",
        r"grub rescue>|^Entering rescue mode\.\.\.",
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
        "error: |nknown filesystem",
        r"^error: (?P<text>(?:(?:\.\./)?[\w/.-]{0,80}: ?\d{0,5}:? ?)?(?:no such (?:device|partition|disk)"
        r"|file [`'](?![^'\n]{1,190}\.(?:pf2|lst|mod|png|mo|txt)')[^'\n]{1,200}' not found"
        r"|you need to load the kernel first|[Uu]nknown filesystem|no server is specified"
        r"|attempt to read or write outside of|invalid (?:magic number|arch|file|sector)|out of memory"
        r"|not a regular file|access denied|kernel too old|failure reading sector"
        r"|couldn't send network packet|timeout: could not resolve|time out opening"
        r"|can't find command [`'](?:linux|initrd)|verification requested but nobody cares"
        r"|premature end of file|disk [`'][^'\n]{1,80}' not found|symbol [`'][^'\n]{1,80}' not found"
        r"|(?:bad|invalid) (?:shim )?signature|prohibited by secure boot|Secure Boot forbids|cannot allocate"
        r"|cannot load image|cannot read the Linux header|(?:ELF|plain image) kernel|incompatible license)"
        r"[^\n]{0,80})|^(?P<bare>[Uu]nknown filesystem)\.?$",
        "GRUB: {text}{bare}",
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
        "ipxe",
        "No more network devices|Could not boot|Nothing to boot|Chainloading failed",
        r"^(?:No more network devices|Could not boot(?: image)?: |Nothing to boot: |Chainloading failed)",
        "iPXE found nothing to boot",
        "No more network devices",
        until="bootloader",
    ),
    loader(
        "ipxe-error",
        "ipxe.org/",
        # `[Link status: Down (...)]` is a report on a network that may still come up; so is the wait for it.
        r"^(?!\[|Waiting for link-up|Configuring)(?P<text>[^\n]{3,300}?) \(https?://ipxe\.org/[0-9a-f]{8}\)$",
        "iPXE: {text}",
        "http://192.0.2.1/none.efi... No such file or directory (http://ipxe.org/2d0c618e)",
        until="bootloader",
    ),
    loader(
        "systemd-boot",
        "Error loading |Error preparing initrd|Failed to execute |No loader found|to locate embedded|Bad kernel image: "
        "|open root directory|opening root ",
        r"^(?:Error loading (?:\\|EFI)|Error preparing initrd: |Failed to execute [^\n/]{1,80} \(\\"
        r"|Unable to (?:locate embedded \.linux section|open root directory)|Bad kernel image: "
        r"|Error opening root (?:directory|path): )"
        r"|^No loader found\. Configuration files",
        "systemd-boot could not start the kernel",
        r"Error loading \EFI\Linux\none.efi: Not Found",
    ),
    loader(
        "efi-stub",
        "EFI stub: ERROR|exit_boot() failed|efi_main() failed",
        r"(?:EFI stub: ERROR: |^)(?P<text>(?<=ERROR: )(?!FIRMWARE BUG)[^\n]{1,120}|(?:exit_boot|efi_main)\(\) failed!)",
        "EFI stub: {text}",
        "EFI stub: ERROR: Failed to allocate memory for the kernel",
    ),
    loader(
        "shim",
        "omething has gone seriously wrong|Security Violation|Secure Boot Violation|start_image() returned"
        "|ystem is compromised|has not verified loaded image|SBAT self-check failed|ailed to open "
        "|ailed to load image ",
        r"Something has gone seriously wrong|(?:Verification failed: )?\(0x1A\) Security Violation"
        r"|Secure Boot Violation"
        r"|start_image\(\) returned (?!Success)|^System is compromised\."
        r"|^Bootloader has not verified loaded image|^SBAT self-check failed"
        r"|^Failed to (?:open|load image) \\[^\n]{1,120}(?: - |: )(?:Not Found|Security Violation|Access Denied)",
        "secure boot refused what was to be started",
        "Something has gone seriously wrong: shim_init() failed: Not Found",
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
)
