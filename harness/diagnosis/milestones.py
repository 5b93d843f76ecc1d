"""The milestones that any console shows, as data: which line tells of which."""

from __future__ import annotations

import re
from dataclasses import dataclass

ORDER = ("firmware", "bootloader", "loaded", "kernel", "root", "init", "login", "ready")
"""How far a boot got. `shell`, `restart` and `poweroff` are no progress in themselves, and so not in it."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A line that tells of a milestone; the group `detail` of the pattern is its version, where it has one.

    `starts`: no machine prints it but at its start, so that another one is another boot.
    """

    name: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    starts: bool = False


def _sign(name: str, needles: str, pattern: str, *, starts: bool = False) -> Sign:
    return Sign(name, tuple(needles.split("|")), re.compile(pattern), starts)


BANNER = _sign("kernel", "Linux version ", r"(?:^|[^\w\"'])Linux version (?P<detail>\d[^\s(]{0,80})")
"""The kernel's first line."""
CAPTURE = _sign("capture", "elfcorehdr=", r"[Cc]ommand line: [^\n]{0,2000}elfcorehdr=")
"""A kernel that saves the memory of one that crashed: it belongs to the crash."""
CONSOLE = _sign("console", "console [", r"console \[\w{1,20}\] (?:enabled|disabled)")
"""Behind it the kernel may print its whole log again."""
MARK = _sign("mark", "bootmatrix: step=", r"^bootmatrix: step=(?P<step>[a-z0-9-]{1,64}) status=0(?P<detail>)(?: |$)")
"""A step of our own init."""
PROMPT = re.compile(r"^(?:\S{0,20}=>|[A-Za-z][\w.() -]{1,39}(?:>{1,2}|#)|barebox\S{0,40}[:/] ?) ?$")
"""The end of a console whose boot loader waits for a person."""

SIGNS: tuple[Sign, ...] = (
    _sign("firmware", "SeaBIOS (version|iPXE (http", r"SeaBIOS \(version (?P<detail>[^)\n]{1,80})\)", starts=True),
    _sign("firmware", "UEFI firmware (version", r"UEFI firmware \(version (?P<detail>[^\s)]{1,80})", starts=True),
    _sign("firmware", "BdsDxe: ", r"BdsDxe: (?:loading|starting)"),
    _sign(
        "firmware", "NOTICE:  BL1: |NOTICE:  BL2: |NOTICE:  BL31: ",
        r"NOTICE: +BL(?:1|2|31): (?P<detail>v[\w.()-]{1,60})",
    ),
    _sign("firmware", "OpenSBI v", r"^OpenSBI v(?P<detail>[\w.-]{1,60})", starts=True),
    _sign("firmware", "coreboot-", r"coreboot-(?P<detail>[\w.-]{1,60}) [^\n]{0,60}bootblock starting", starts=True),
    _sign("firmware", "SLOF ", r"^SLOF \*{0,40}"),
    _sign("firmware", "LOADPARM|Booting from ", r"^LOADPARM=|^Booting from (?:Hard Disk|ROM|DVD|Floppy)"),
    _sign("bootloader", "U-Boot SPL |U-Boot TPL ", r"^U-Boot [ST]PL (?P<detail>\d{4}\.\d\d[^\s(]{0,60})", starts=True),
    _sign("bootloader", "U-Boot 2|U-Boot 1", r"^U-Boot (?P<detail>[12]\d{0,3}\.\d{1,2}[^\s(]{0,60})", starts=True),
    _sign("bootloader", "GNU GRUB|Welcome to GRUB", r"GNU GRUB +version (?P<detail>[\w.~+-]{1,40})|Welcome to GRUB!"),
    _sign("bootloader", "SYSLINUX |ISOLINUX |PXELINUX |EXTLINUX ", r"^(?:SYS|ISO|PXE|EXT)LINUX (?P<detail>\d\.\d\d)"),
    _sign("bootloader", "EFI stub: ", r"^EFI stub: (?!ERROR)"),
    # The last words of a boot loader that has loaded a kernel, whatever it had failed at before.
    _sign(
        "loaded", "Starting kernel ...|Transferring control to Linux|Booting using the fdt blob",
        r"^Starting kernel \.\.\.|^## Transferring control to Linux|^Booting using the fdt blob at ",
    ),
    _sign("bootloader", ".elf @ 0x", r"^(?:\d{1,4}\.\d\d )?Starting start\w{0,4}\.elf @ 0x"),
    # What was tried before it asks for a key was a search of its settings or of devices, and has failed nothing.
    _sign("bootloader", "autoboot", r"^(?:Hit|Press|Enter|Type)\b[^\n]{1,60}\bautoboot\b|^Autoboot(?:ing)? in \d"),
    _sign("bootloader", "Trying to boot from ", r"^Trying to boot from \S"),
    _sign("bootloader", "barebox 20", r"^barebox (?P<detail>20\d\d\.\d\d[^\s]{0,40})", starts=True),
    BANNER,
    _sign("root", "VFS: Mounted root", r"VFS: Mounted root \((?P<detail>[\w-]{1,20}) filesystem\)"),
    _sign("init", "as init process", r"Run (?P<detail>/\S{1,200}) as init process"),
    _sign(
        "init", "Freeing unused kernel|Freeing init memory|Freeing initmem",
        r"Freeing (?:unused kernel (?:image|memory)|init memory|initmem)",
    ),
    _sign(
        "init", "systemd 2|systemd[1]: ",
        r"systemd(?:\[1\])?:? ?(?P<detail>2\d\d)?[^\n]{0,40} running in system mode",
    ),
    _sign(
        "init", "INIT: version|init started: BusyBox",
        r"^INIT: version (?P<detail>[\d.-]{1,12})|init started: BusyBox v(?P<busybox>[\d.]{1,12})",
    ),
    _sign("init", "Welcome to ", r"^Welcome to .{2,80}!$"),
    _sign("init", "[  OK  ] Reached target |[  OK  ] Created slice ", r"^\[  OK  \] (?:Reached target|Created slice) "),
    _sign("login", "ogin:", r"(?<!Last )(?<!last )(?<!\w)[Ll]ogin: ?(?:$|root\b|\[|\S{1,40} ?(?:$|\())"),
    _sign(
        "login", "Reached target ",
        r"Reached target (?:\S{1,40} - )?(?:Multi-User System|Graphical Interface|Login Prompts"
        r"|(?:multi-user|graphical|getty)\.target)",
    ),
    _sign("login", "etty on ", r"Started (?:\S{1,60} - )?(?:Serial |Console )?Getty on (?:tty|hvc|xvc|console)"),
    # What a getty prints before it asks.
    _sign(
        "login", " ttyS| tty1| hvc0| ttyAMA",
        r"^[A-Z][A-Za-z/ ]{2,40} \d[\w.() -]{0,40} \S{1,64} (?:ttyS\d|tty1|hvc0|ttyAMA\d)$",
    ),
    _sign("login", "[talos] machine is running", r"^\[talos\] machine is running and ready"),
    _sign("login", "Instance setup finished", r"Instance setup finished\. \S{1,80} is ready to use\.$"),
    _sign("login", "EVENT:|SAC>", r"^EVENT: +The CMD command is now available|^SAC>"),
    _sign("login", "activate this console", r"[Pp]lease press Enter to activate this console"),
    _sign(
        "login", "init complete -|boot_completed=1|Boot completed",
        r"procd: - init complete -|sys\.boot_completed=1",
    ),
    _sign("login", "Startup finished in", r"systemd(?:\[1\])?: Startup finished in"),
    # Behind the prompt goes on whatever else writes to the console: an agent of the cloud's, with its time.
    _sign("login", "ogin: 2|ogin: ci-info|ogin: <", r"\S [Ll]ogin: (?:20\d\d[/-]\d\d[/-]\d\d[ T]|ci-info: |<\d{1,3}>)"),
    _sign("login", "Last login: ", r"^Last login: [A-Z][a-z]{2} +[A-Z][a-z]{2} "),
    _sign("login", "SSH HOST KEY", r"-----(?:BEGIN|END) SSH HOST KEY (?:KEYS|FINGERPRINTS)-----"),
    _sign("login", " on an ", r"^Kernel \S{3,80} on an \S{2,16}(?: \(\S{3,10}\))?$"),
    _sign("login", " (Linux ", r"^This is \S{1,64} \(Linux \S{2,16} \S{3,80}\) \d\d:\d\d"),
    _sign("login", " - Kernel ", r"^Welcome to [^\n]{3,100} - Kernel \S{3,80} \(\S{3,10}\)\."),
    _sign("login", "Cloud-init v. ", r"^(?:cloud-init\[\d{1,8}\]: )?Cloud-init v\. \S{1,60} finished at "),
    _sign("login", "ervice 'bootanim'", r"^init: [Ss]ervice 'bootanim' \(pid \d{1,8}\) exited with status 0"),
    _sign(
        "shell", "~#|~]#|/]#|~ #|/ #|/root #|:/#|:/ $|:/data |~$|sh-|nsh>",
        r"^(?:\[?[\w.@-]{1,64}[: ]\S{1,60}\]?|[~/]\S{0,60} ?|\S{1,64}:/\S{0,60} "
        r"|(?:ba|da|a)?sh-\d\.\d\d?)[#$](?: |$)|^nsh>",
    ),
    _sign(
        "restart", "Restarting system|machine restart",
        r"reboot: (?:Restarting system|machine restart)|^Restarting system\.?$",
    ),
    _sign(
        "poweroff", "Power down|System halted|ower off",
        r"reboot: (?:Power down|System halted|Power off)|^Power down\.$|^System halted\.?$",
    ),
    MARK,
    CAPTURE,
    CONSOLE,
)  # fmt: skip


def is_at_least(name: str, wanted: str) -> bool:
    """Whether a boot at milestone `name` has got as far as `wanted`."""
    return name in ORDER and wanted in ORDER and ORDER.index(name) >= ORDER.index(wanted)
