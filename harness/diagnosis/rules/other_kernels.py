"""Kernels other than Linux that crash: FreeBSD, illumos, ESXi, XNU, Windows."""

from __future__ import annotations

from harness.diagnosis.rule import panic
from harness.words import Outcome

RULES = (
    panic(
        "panic-freebsd",
        Outcome.KERNEL_PANIC,
        "panic: ",
        r"^panic: (?P<text>(?:vm_fault|page fault|general protection|double fault|trap|mutex |Going nowhere"
        r"|mountroot|init died|Assertion|ffs_|ufs_|vfs_|kmem|pmap|unknown cpu|no init)[^\n]{0,200})",
        "panic: {text}",
        "panic: pmap_mapdev: address 0x3f0000 is not in the direct map",
    ),
    panic(
        "trap-freebsd",
        Outcome.KERNEL_PANIC,
        "Fatal trap ",
        r"^Fatal trap (?P<text>\d{1,3}: [^\n]{3,80}) while in kernel mode",
        "Fatal trap {text}",
        "Fatal trap 12: page fault while in kernel mode",
    ),
    panic(
        "panic-illumos",
        Outcome.KERNEL_PANIC,
        "panic[cpu",
        r"\bpanic\[cpu\d{1,4}\]/thread=[0-9a-f]{8,16}:",
        "panic",
        "panic[cpu2]/thread=fffffe0012345678:",
    ),
    panic(
        "panic-esxi",
        Outcome.KERNEL_PANIC,
        "@BlueScreen: | in world ",
        r"(?:\)@BlueScreen: |^)(?P<text>#[A-Z]{2} Exception \d{1,3} in world \d{1,9}[^\n]{0,120})"
        r"|\)@BlueScreen: (?P<other>[^\n]{3,160})",
        "ESXi: {text}{other}",
        "#PF Exception 14 in world 71:sampled IP 0x418012345678 addr 0x10",
    ),
    panic(
        "panic-missing-root-freebsd",
        Outcome.NO_ROOTFS,
        "mountroot>",
        r"^mountroot> ?$",
        "FreeBSD asks for its root file system",
        "mountroot> ",
    ),
    panic(
        "panic-xnu",
        Outcome.KERNEL_PANIC,
        "panic(cpu ",
        r"^panic\(cpu \d{1,5} caller 0x[0-9a-f]{8,16}\): (?P<text>[^\n]{1,200})",
        "panic: {text}",
        'panic(cpu 1 caller 0xffffff8001a2b3c4): "a zone is corrupted"@sample.c:77',
    ),
    panic(
        "bugcheck-windows",
        Outcome.KERNEL_PANIC,
        "*** STOP: 0x",
        r"^\*\*\* STOP: (?P<number>0x[0-9A-Fa-f]{8})\b",
        "Windows: STOP {number}",
        "*** STOP: 0x0000007B (0xF8A1B2C4, 0xC0000034, 0x00000000, 0x00000000)",
    ),
)
