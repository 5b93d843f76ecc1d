"""Processors and tasks that do not get on: lockups, hung tasks, RCU stalls, and watchdogs that ended a hang."""

from __future__ import annotations

from harness.diagnosis.diagnosis import Severity
from harness.diagnosis.rule import decisive, stall
from harness.words import Outcome

RULES = (
    stall(
        "soft-lockup",
        Outcome.LOCKUP,
        "soft lockup",
        r"BUG: soft lockup(?:\.? ?- ?CPU#\d{1,5} stuck for| detected|:)",
        "BUG: soft lockup[ in {function}]",
        "[   30.0] watchdog: BUG: soft lockup - CPU#2 stuck for 23s! [tester:71]",
    ),
    stall(
        "hard-lockup",
        Outcome.LOCKUP,
        "LOCKUP|ard lockup on",
        r"Watchdog detected [Hh]ard LOCKUP|NMI [Ww]atchdog detected LOCKUP|CPU \d{1,5} (?:self-)?detected hard LOCKUP"
        r"|detected hard LOCKUP on other CPUs|Watchdog CPU:\d{1,5} Hard LOCKUP",
        "Watchdog detected hard LOCKUP[ in {function}]",
        "[   30.0] NMI watchdog: Watchdog detected hard LOCKUP on cpu 2",
    ),
    stall(
        "spinlock-lockup",
        Outcome.LOCKUP,
        "lockup ",
        r"BUG: (?:spinlock|rwlock|rwlock-write|write-lock|read-lock) lockup(?: suspected)? on CPU|: lockup CPU#\d",
        "BUG: spinlock lockup[ in {function}]",
        "[   30.0] BUG: spinlock lockup suspected on CPU#2, tester/71",
    ),
    stall(
        "workqueue-lockup",
        Outcome.LOCKUP,
        "workqueue lockup",
        r"BUG: workqueue lockup - pool",
        "BUG: workqueue lockup",
        "[   30.0] BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 44s!",
        live=False,  # an overloaded host makes a healthy guest print it
    ),
    stall(
        "rcu-stall",
        Outcome.RCU_STALL,
        "detected stall|detected expedited stall|RCU detected CPU |detected by ",
        r"(?:INFO: )?(?:rcu_\w{1,40}|srcu\w{0,20}|RCU|rcu) (?:self-)?detected (?:expedited )?stalls? "
        r"(?:on CPU|\(t=|[^\n]{0,40}CPU)|INFO: RCU detected CPU \d{1,5} stall"
        # The second line of the report, where the log begins with it.
        r"|^(?:rcu: )?\s{0,20}\(detected by \d{1,5}, t=\d{1,12} jiffies,",
        "INFO: rcu detected stall[ in {function}]",
        "[   30.0] rcu: INFO: rcu_preempt self-detected stall on CPU 9",
    ),
    stall(
        "rcu-stall-tasks",
        Outcome.RCU_STALL,
        "_tasks detected stalls|tasks wait list|rcu_tasks",
        r"INFO: rcu_tasks\w{0,20} detected stalls on tasks",
        "INFO: rcu_tasks detected stall[ in {function}]",
        "[   30.0] INFO: rcu_tasks detected stalls on tasks:",
    ),
    stall(
        "rcu-starved",
        Outcome.RCU_STALL,
        "kthread starved for|kthread timer wakeup",
        r"rcu_\w{1,40} kthread (?:timer wakeup didn't happen|starved) for \d{1,12} jiffies",
        "INFO: rcu kthread starved",
        "[   30.0] rcu: rcu_preempt kthread starved for 5201 jiffies! g77 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402",
    ),
    stall(
        "hung-task",
        Outcome.HUNG_TASK,
        "blocked for more than|blocked in I/O wait for|blocked on a",
        r"INFO: task [^\n]{1,64}? (?:blocked (?:in I/O wait )?for more than \d{1,6} seconds|is blocked on an? )",
        "INFO: task hung[ in {function}]",
        "[  367.0] INFO: task tester:71 blocked for more than 120 seconds.",
    ),
    decisive(
        # Its first line is lost at times, where a log begins in its middle. Else that one decides.
        "hung-task-hint",
        Severity.SERVICE,
        Outcome.HUNG_TASK,
        "hung_task_timeout_secs",
        r'^"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message',
        "INFO: task hung",
        '[  367.0] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
    ),
    stall(
        "task-cant-die",
        Outcome.HUNG_TASK,
        "can't die for more than",
        r"INFO: task [^\n]{1,64}? can't die for more than \d{1,6} seconds",
        "INFO: task can't die[ in {function}]",
        "[  367.0] INFO: task tester:71 can't die for more than 143 seconds.",
    ),
    stall(
        "cpu-stuck-at-start",
        Outcome.LOCKUP,
        "CPUs not responding|Some CPUs ",
        r"^(?:mce: )?(?:CPUs not responding to MCE broadcast|Some CPUs (?:are )?not responding)",
        "CPUs do not respond",
        "[   30.0] mce: CPUs not responding to MCE broadcast (may include false positives): 2",
    ),
    decisive(
        "watchdog-bite",
        Severity.STALL,
        Outcome.HANG,
        "atchdog bite|atchdog timeout|atchdog expired|atchdog bark|atchdog bitten|ATCHDOG TIMEOUT",
        r"^(?:(?:[Aa]pps|[Kk]ernel|[Hh]ardware|[Ss]ystem) |\w{0,12}watchdog \S{1,40}: (?:QWDT: )?)?"
        r"[Ww]atchdog (?:bite|bitten|bark(?:ed)?|timeout"
        r"|expired)(?:[!:.,]| on| in|$)"
        r"|^WATCHDOG TIMEOUT",
        "a watchdog ended a hang",
        "Apps watchdog bite!",
    ),
    decisive(
        "ci-timeout",
        Severity.STALL,
        Outcome.HANG,
        "timed out after|TIMEOUT reached",
        r"^(?:\S{1,40} )?(?:auto-login-action|login-action|kernel-messages|lava-test-shell|bootloader-commands"
        r"|auto_login"
        r"|auto-login) timed out after \d{1,6}",
        "the test system ran out of patience",
        "auto-login-action timed out after 240 seconds",
        until="login",
    ),
)
