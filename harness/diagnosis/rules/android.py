"""Phones: the boot loaders that Android devices start with, and its own init."""

from __future__ import annotations

from harness.diagnosis.diagnosis import Severity
from harness.diagnosis.rule import decisive, loader
from harness.words import Outcome

RULES = (
    loader(
        "fastboot",
        "ailed to load/authenticate boot image|LoadImageAndAuth failed|Load Error: failed|ailed to boot Android"
        "|Could not do normal boot|Android boot failed|ailed while loading kernel and ramdisk",
        r"(?:Failed to load/authenticate boot image|LoadImageAndAuth failed|Load Error: failed to load boot image"
        r"|ERROR: Could not do normal boot|Android boot failed|Failed to boot Android"
        r"|Failed while loading kernel and ramdisk)",
        "Android's boot loader could not load the boot image",
        "Failed to load/authenticate boot image: Load Error",
    ),
    loader(
        "android-boot-image",
        "boot image header|oot image magic number invalid|Device Tree Blob cannot be|Tree blob not found"
        "|Tree Blob not found|Getting device tree address failed|find suitable device tree|have appended DTB",
        r"\bERROR: (?:Invalid|Cannot read|Could not read) boot image header|\bboot image magic number invalid"
        r"|^DTB offset is incorrect, kernel image does not have appended DTB"
        r"|\bE(?:rror|RROR): (?:Device Tree Blob cannot be found|Appended (?:\w{1,8} )?Device Tree [Bb]lob not found"
        r"|Getting device tree address failed|Unable to find suitable device tree)",
        "Android's boot loader finds no boot image that is for this device",
        "ERROR: Invalid boot image header",
    ),
    loader(
        "android-verification",
        "verifying vbmeta image|vbmeta: ",
        r"\bError verifying vbmeta image\b|\bvbmeta: (?:Hash of data does not match|Public key used to sign)",
        "verified boot refused the boot image",
        "avb_slot_verify.c:712: ERROR: vbmeta_a: Error verifying vbmeta image: OK_NOT_SIGNED",
    ),
    loader(
        "little-kernel-panic",
        "panic (caller |HALT: spinning forever",
        r"\bpanic \(caller (?:0x)?[0-9a-f]{6,16}\): (?P<text>[^\n]{1,120})|^HALT: spinning forever",
        "the boot loader panicked[: {text}]",
        "panic (caller 0x8f61b2c4): heap is gone",
    ),
    loader(
        "qualcomm-first-stage",
        "Error code ",
        r"^(?:B - +\d{1,10} - )?Error code [0-9a-f]{1,8} at \S{1,60} Line \d{1,6}",
        "the first boot loader failed",
        "B -    204811 - Error code 300e at boot_sample.c Line 77",
    ),
    loader(
        "mediatek-preloader",
        "<ASSERT> |[PL] fatal error",
        r"<ASSERT> \S{1,60}:line \d{1,6}|^\[PL\] fatal error",
        "the preloader failed",
        "<ASSERT> sample.c:line 219 0",
    ),
    decisive(
        "android-init-fatal",
        Severity.PANIC,
        Outcome.INIT_DIED,
        "InitFatalReboot",
        r"init: InitFatalReboot: (?P<text>[^\n]{0,60})",
        "Android's init gave up: {text}",
        "init: InitFatalReboot: signal 6",
    ),
    decisive(
        "android-critical-process",
        Severity.SERVICE,
        Outcome.SERVICE_FAILED,
        "init: critical process |init: process with updatable",
        r"^init: (?:critical process|process with updatable components) '(?P<name>[^'\n]{1,60})' exited \d times",
        "Android: {name} ends again and again",
        "init: critical process 'sampled' exited 4 times in 4 minutes; rebooting into recovery mode",
        until="login",
    ),
    decisive(
        "android-system-server",
        Severity.SERVICE,
        Outcome.SERVICE_FAILED,
        "WATCHDOG KILLING SYSTEM PROCESS|FATAL EXCEPTION IN SYSTEM PROCESS",
        r"\*\*\* (?:WATCHDOG KILLING SYSTEM PROCESS|FATAL EXCEPTION IN SYSTEM PROCESS)",
        "Android's system server died",
        "*** WATCHDOG KILLING SYSTEM PROCESS: Blocked in handler on main thread",
    ),
)
