"""Call traces and registers behind a report, of any architecture, as data."""

from __future__ import annotations

import re

from harness.diagnosis.diagnosis import Frame, Registers, Trace

LINES = 160
"""Lines behind a report that can belong to it."""
_FRAMES = 64

_SYMBOL = (
    r"(?P<function>[A-Za-z_.$][\w.$:]{0,199})\+0x(?P<offset>[0-9a-f]{1,8})/0x(?P<size>[0-9a-f]{1,8})"
    r"(?: \[(?P<module>[\w-]{1,64})\])?"
)
_FRAME = re.compile(_SYMBOL)
_UNSURE = re.compile(r"(?:^|[\]>)\s])\? $")
_PC = re.compile(
    r"(?:RIP: (?:[0-9a-f]{4}:)?|EIP: (?:is at )?(?:[0-9a-f]{4}:)?|IP: |PC is at |\bpc : |\bepc : "
    r"|NIP \[[0-9a-f]{1,16}\] |"
    r"Krnl PSW : [^(\n]{1,60}\(|IAOQ\[0\]: |epc *: [0-9a-f]{1,16} |RPC: <)(?:\[<[0-9a-f]{1,16}>\] ?){0,2}(?:\(?)"
    + _SYMBOL
)
_REGISTER_NAMES = (
    r"R[A-D]X|R[SD]I|R[BS]P|R(?:8|9|0[89]|1[0-5])|E[A-D]X|E[SD]I|E[BS]P|EFLAGS|CR[0234]|DR[0-7]|FS|GS|ORIG_RAX"
    r"|x(?:30|[12]?\d)|r(?:3[01]|[12]?\d)|[fil]p|sp|lr|pc|psr|pstate|ra|gp|tp|epc|badaddr|status|cause|[tsa]\d|s1[01]"
    r"|CR2|NIP|LR|CTR|XER|MSR|DAR|DSISR|CFAR"
)
_REGISTER = re.compile(rf"\b(?P<name>{_REGISTER_NAMES}) ?(?:: ?|=)(?:\[<)?(?P<value>[0-9a-f]{{8,16}})\b")
_ROW = re.compile(
    r"^(?:Krnl )?GPR(?:S|\d\d): ?(?P<values>(?:[0-9a-f]{8,16}[ \t]*){1,4})$|^(?P<more>(?:[0-9a-f]{16} ?){4})$"
)
_WHO = re.compile(
    r"\bCPU: (?P<cpu>\d{1,5}) (?:UID: \d{1,10} )?PID: (?P<pid>\d{1,8}) Comm: (?P<comm>[^\n]{1,64}?)(?: Kdump"
    r"| Tainted| Not tainted|$)"
)
_FACTS = (
    re.compile(r"^Hardware name: (?P<hardware>[^\n]{1,160})"),
    re.compile(r"^Code: (?P<code>[0-9a-f(<][0-9a-fx <>()]{8,400})"),
    re.compile(r"^Modules linked in: (?P<modules>[^\n]{1,300})"),
    re.compile(r"^(?P<access>Read|Write) of size \d"),
    re.compile(
        r"^(?P<access>Read|Write) at 0x|^Use-after-free (?P<access2>read|write) at"
        r"|^Out-of-bounds (?P<access3>read|write)"
    ),
)
_END = re.compile(r"end trace [0-9a-f]{4,16}|^-+\[ end |^Kernel Offset: |^Rebooting in \d")
# Functions that report, save registers or wait: they stand above the one that is to blame.
_REPORTING = re.compile(
    r"^\.?(?:_*dump_stack(?:_lvl)?|dump_backtrace\w*|walk_stackframe|show_(?:stack|regs|trace)\w*|print_\w+|_*kasan\w*|_*asan\w*|kmsan\w*"
    r"|_*msan\w*|kcsan\w*|_*tsan\w*"
    r"|kfence_\w+|check_memory_region|_*warn\w*|warn_\w+|report_(?:bug|error)\w*|fixup_bug|do_error_trap"
    r"|do_invalid_op|invalid_op"
    r"|handle_bug|exc_\w+|asm_\w+|_*ubsan\w*|val_to_string|ubsan_\w+|refcount_(?:warn_saturate|\w+_checked)"
    r"|debug_print_object"
    r"|_*debug_(?:object|check)\w*|panic|_*die(?:_\w+)?|oops_\w+|page_fault\w*|do_page_fault|_*do_kernel_fault"
    r"|no_context|bad_area\w*"
    r"|do_translation_fault|do_mem_abort|do_DataAbort|el[01]_\w+|el[01]h_\w+|_*dabt_\w+|_*irq_svc|lockdep_\w+"
    r"|_*lock_\w+|lock_\w+"
    r"|_*might_sleep\w*|_*might_resched|_*raw_\w*(?:spin|read|write)_\w+|_*mutex_\w+|down_\w+|rt_mutex\w+"
    r"|_*schedule\w*|context_switch"
    r"|_*switch_to|schedule\w*|io_schedule\w*|wait_\w+|_*wait_\w+|check_\w+|mark_lock\w*|validate_chain"
    r"|debug_\w+|watchdog_\w+"
    r"|rcu_(?:dump|check|sched_clock|pending)\w*|update_process_times|tick_\w+|_*hrtimer_\w+|hrtimer_\w+"
    r"|smp_apic\w*|\w*apic_timer\w*"
    r"|sysvec_\w+|nmi_\w+|arch_trigger\w*|trigger_\w+|_*run_hrtimer|irq_\w+|_*sysvec\w*|sched_show_task"
    r"|mem\w*(?:cpy|set|move|cmp)\w*"
    r"|_*str(?:n?len|n?cpy|n?cmp)\w*|_*slab_\w+|object_err|slab_\w+|kmem_cache_\w+|kfree|_*k[mz]alloc\w*"
    r"|check_preemption_disabled|common_\w+"
    r"|spin_(?:bug|dump)|do_raw_\w+|rwlock_bug|csum_partial\w*|ret_from_\w+|entry_\w+|handle_\w*irq\w*|gic_\w+"
    r"|call_on_\w+)$"
)  # fmt: skip


class Collector:
    """Takes the messages that follow a report until its trace has ended."""

    def __init__(self) -> None:
        self._left = LINES
        self._frames: list[Frame] = []
        self._registers: dict[str, str] = {}
        self._facts: dict[str, str] = {}
        self._pc = ""
        self._row = 0
        self.is_over = False

    def feed(self, text: str) -> None:
        """One message behind the report (or the report's own line)."""
        self._left -= 1
        if self._left <= 0 or _END.search(text):
            self.is_over = True
        if "+0x" in text:
            self._symbols(text)
        if ":" in text or text.startswith(("Read ", "Write ")):
            self._named(text)
        elif self._row and (row := _ROW.match(text)):
            self._add_row(row["more"] or "")

    def _symbols(self, text: str) -> None:
        if not self._pc and (found := _PC.search(text)):
            self._pc = found["function"]
            return
        if (
            text.startswith(("RIP:", "IP:", "EIP", "PC is", "pc :", "lr :", "LR is", "NIP", "LR "))
            or len(self._frames) >= _FRAMES
        ):
            return
        found = _FRAME.search(text)
        if found:
            sure = not _UNSURE.search(text[: found.start()])
            self._frames.append(
                Frame(found["function"], found["offset"], found["size"], found["module"] or "", reliable=sure)
            )

    def _named(self, text: str) -> None:
        if who := _WHO.search(text):
            for name, value in who.groupdict().items():
                self._facts.setdefault(name, value)
        for pattern in _FACTS:
            found = pattern.search(text)
            if found:
                for name, value in found.groupdict().items():
                    if value:
                        self._facts.setdefault(name.rstrip("23"), value)
                return
        row = _ROW.match(text)
        if row and row["values"]:
            if text.startswith("Krnl"):
                self._row = 0
            self._add_row(row["values"])
            return
        for register in _REGISTER.finditer(text[:400]):
            self._registers.setdefault(register["name"], register["value"])

    def _add_row(self, values: str) -> None:
        for value in values.split():
            if self._row < 32:
                self._registers.setdefault(f"GPR{self._row:02d}", value)
                self._row += 1

    def trace(self) -> Trace | None:
        """What was gathered; None where nothing of a trace was seen."""
        if not (self._frames or self._registers or self._facts or self._pc):
            return None
        return Trace(tuple(self._frames), Registers(dict(self._registers), self._pc), self._blame(), dict(self._facts))

    def _blame(self) -> str:
        if self._pc and not _REPORTING.match(self._pc):
            return self._pc.lstrip(".")
        for sure in (True, False):
            for frame in self._frames:
                if (frame.reliable or not sure) and not _REPORTING.match(frame.function):
                    return frame.function.lstrip(".")
        return self._pc.lstrip(".")
