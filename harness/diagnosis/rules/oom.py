"""Memory that ran out."""

from __future__ import annotations

from harness.diagnosis.diagnosis import Severity
from harness.diagnosis.rule import decisive, warning
from harness.words import Outcome

RULES = (
    decisive(
        "oom-killed",
        Severity.OOM,
        Outcome.OOM,
        "ut of memory|ut of Memory",
        r"\bOut of [Mm]emory(?:: | \([^)\n]{1,40}\): )Kill(?:ed)? process \d{1,8} \((?P<victim>[^)\n]{1,40})\)",
        "Out of memory: Killed process {victim}",
        "[   12.0] Out of memory: Killed process 88 (hog) total-vm:9000kB, anon-rss:8000kB, file-rss:0kB",
        live=True,
    ),
    warning(  # of a container's limit; where it is the whole system's memory, the kernel panics with these words
        "oom-no-victim",
        "no killable processes|ut of memory and no",
        r"Out of memory and no killable processes",
        "Out of memory and no killable processes",
        "[   12.0] Out of memory and no killable processes...",
        traced=False,
    ),
    decisive(
        "initramfs-too-big",
        Severity.OOM,
        Outcome.OOM,
        "write error",
        r"Initramfs unpacking failed: write error",
        "Initramfs unpacking failed: write error",
        "[    1.0] Initramfs unpacking failed: write error",
    ),
    warning(
        "initramfs-broken",
        "nitramfs unpacking failed",
        r"Initramfs unpacking failed: (?P<text>(?!write error)[^\n]{1,80})",
        "Initramfs unpacking failed: {text}",
        "[    1.0] Initramfs unpacking failed: sample words of an unpacker",
        traced=False,
    ),
    warning(
        "allocation-failure",
        "page allocation failure|page allocation stalls",
        r"page allocation (?:failure|stalls)",
        "page allocation failure[ in {function}]",
        "[   12.0] tester: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)",
    ),
    warning(
        "oom-invoked",  # a container's own limit begins with the same line
        "invoked oom-killer",
        r"^(?P<asker>[^\n]{1,64}) invoked oom-killer: ",
        "{asker} invoked oom-killer",
        "[   12.0] hog invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, adj=0",
        outcome=Outcome.OOM,
        unless="oom-in-group",
    ),
    warning(
        "oom-in-group",
        "emory cgroup out of memory|CONSTRAINT_MEMCG|killed as a result of limit of|mem_cgroup_o|try_charge_memcg",
        r"\bMemory cgroup out of memory|\bconstraint=CONSTRAINT_MEMCG\b"
        r"|\b(?:mem_cgroup_(?:out_of_memory|oom_synchronize)|try_charge_memcg)\+0x"
        r"|^Task in /\S{0,400} killed as a result of limit of",
        "a group of processes had no more memory",
        "[   12.0] Memory cgroup out of memory: Killed process 88 (hog) total-vm:9000kB",
        traced=False,
    ),
)
