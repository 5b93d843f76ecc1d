"""What lockdep and its neighbours report. The kernel goes on, so these are warnings, but for a few that say BUG."""

from __future__ import annotations

from harness.diagnosis.rule import oops, warning

_OPEN = r"^(?:\[ ?)?"

RULES = (
    warning(
        "lockdep-deadlock",
        "circular locking dependency|recursive locking|lock order|lock inversion dependency|possible deadlock",
        r"(?:possible (?:circular locking dependency|recursive locking|irq lock inversion dependency)"
        r"|(?:HARDIRQ|SOFTIRQ|RECLAIM_FS|FS_RECLAIM)-safe -> \S{1,40} lock order|possible deadlock"
        r"|lock order inversion)",
        "possible deadlock[ in {function}]",
        "[    5.1] WARNING: possible circular locking dependency detected (71)",
    ),
    warning(
        "lockdep-inconsistent",
        "inconsistent lock state|inconsistent {",
        r"inconsistent lock state|^inconsistent \{",
        "inconsistent lock state[ in {function}]",
        "[    5.1] WARNING: inconsistent lock state (71)",
    ),
    warning(
        "lockdep-context",
        "nvalid wait context",
        r"[Ii]nvalid wait context",
        "BUG: Invalid wait context[ in {function}]",
        "[    5.1] [ BUG: Invalid wait context (71) ]",
    ),
    warning(
        "lockdep-unlock",
        "bad unlock balance|bad contention",
        r"bad (?:unlock balance|contention) detected",
        "BUG: bad unlock balance[ in {function}]",
        "[    5.1] WARNING: bad unlock balance detected!",
    ),
    oops(
        "lockdep-held",
        "still has locks held|still held, leaving the kernel",
        r"(?:still has locks held|still held, leaving the kernel)",
        "BUG: still has locks held[ in {function}]",
        "[    5.1] WARNING: tester/71 still has locks held!",
    ),
    warning(
        "lockdep-returning",
        "lock held when returning|held lock freed",
        r"(?P<text>lock held when returning to user space|held lock freed)",
        "BUG: {text}[ in {function}]",
        "[    5.1] [ BUG: lock held when returning to user space! (71) ]",
    ),
    warning(
        "lockdep-key",
        "non-static key",
        r"INFO: trying to register non-static key",
        "INFO: trying to register non-static key[ in {function}]",
        "[    5.1] INFO: trying to register non-static key (71).",
    ),
    warning(
        "rcu-usage",
        "uspicious RCU usage|uspicious rcu_deref",
        r"[Ss]uspicious (?:RCU usage|rcu_dereference_check\(\) usage)",
        "WARNING: suspicious RCU usage[ in {function}]",
        "[    5.1] WARNING: suspicious RCU usage (71)",
    ),
    warning(
        "sleeping-function",
        "sleeping function called",
        r"BUG: sleeping function called from (?:invalid|illegal) context",
        "BUG: sleeping function called from invalid context[ in {function}]",
        "[    5.1] BUG: sleeping function called from invalid context at kernel/sample.c:12",
    ),
    warning(
        "scheduling-atomic",
        "BUG: scheduling",
        r"BUG: scheduling (?:while atomic|in interrupt|with irqs disabled|from the idle thread)",
        "BUG: scheduling while atomic[ in {function}]",
        "[    5.1] BUG: scheduling while atomic: tester/71/0x00000002",
    ),
    warning(
        "preemptible-smp-id",
        "in preemptible",
        r"BUG: using \S{3,40} in preemptible",
        "BUG: using smp_processor_id() in preemptible code[ in {function}]",
        "[    5.1] BUG: using smp_processor_id() in preemptible [00000000] code: tester/71",
    ),
    warning(
        "workqueue-leak",
        "workqueue leaked",
        r"BUG: workqueue leaked (?:lock or )?atomic",
        "BUG: workqueue leaked lock[ in {function}]",
        "[    5.1] BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000000/71",
    ),
)
