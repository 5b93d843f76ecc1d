"""Call traces and registers of several architectures, and the titles that come of them."""

from __future__ import annotations

import pytest

from harness.diagnosis.diagnoser import diagnose
from harness.diagnosis.diagnosis import Trace

X86 = """\
[    5.1] BUG: kernel NULL pointer dereference, address: 0000000000000040
[    5.1] #PF: supervisor read access in kernel mode
[    5.1] Oops: 0000 [#1] PREEMPT SMP NOPTI
[    5.1] CPU: 1 PID: 71 Comm: tester Not tainted 6.12.1 #1
[    5.1] Hardware name: QEMU Standard PC
[    5.1] RIP: 0010:sample_probe+0x1a/0x40 [sample]
[    5.1] Code: 48 89 e5 <48> 8b 07
[    5.1] RAX: 0000000000000000 RBX: ffff888100a0b000 RCX: 0000000000000001
[    5.1] Call Trace:
[    5.1]  <TASK>
[    5.1]  ? __die_body+0x1a/0x60
[    5.1]  sample_bind+0x10/0x20 [sample]
[    5.1]  driver_probe+0x44/0x90
[    5.1] ---[ end trace 0000000000000000 ]---
[    5.2]  unrelated_later+0x1/0x2
"""
ARM64 = """\
[    5.1] Unable to handle kernel paging request at virtual address ffff800012345678
[    5.1] Internal error: Oops: 0000000096000007 [#1] SMP
[    5.1] pc : sample_read+0x1c/0x30
[    5.1] lr : sample_call+0x2c/0x50
[    5.1] sp : ffff80001234bc00
[    5.1] x29: ffff80001234bc00 x28: 0000000000000000
[    5.1] Call trace:
[    5.1]  sample_read+0x1c/0x30
[    5.1]  sample_call+0x2c/0x50
"""
ARM = """\
Unable to handle kernel NULL pointer dereference at virtual address 00000010
PC is at sample_read+0x1c/0x30
r10: c0123456  r9 : 00000001  r8 : 00000000
[<c0101234>] (sample_read) from [<c0105678>] (sample_call+0x2c/0x50)
"""
RISCV = """\
[    5.1] Unable to handle kernel paging request at virtual address dead000000000100
[    5.1] Oops [#1]
[    5.1] epc : sample_read+0x1c/0x30
[    5.1]  ra : sample_call+0x2c/0x50
[    5.1] epc : ffffffff80012345 ra : ffffffff80054321 sp : ff20000000abcdef
[    5.1] [<ffffffff80012345>] sample_read+0x1c/0x30
"""
PPC = """\
[    5.1] BUG: Kernel NULL pointer dereference on read at 0x00000010
[    5.1] NIP [c000000000123456] sample_read+0x1c/0x30
[    5.1] GPR00: c000000000111111 c000000000222222 c000000000333333 0000000000000000
[    5.1] Call Trace:
[    5.1] [c000000003e6f7a0] [c000000000123456] sample_read+0x1c/0x30 (unreliable)
"""
S390 = """\
[    5.1] Unable to handle kernel pointer dereference in virtual kernel address space
[    5.1] Krnl PSW : 0704c00180000000 00000000001234ab (sample_read+0x1c/0x30)
[    5.1] Krnl GPRS: 0000000000000001 0000000000000002 0000000000000003 0000000000000004
[    5.1]            0000000000000005 0000000000000006 0000000000000007 0000000000000008
[    5.1] Call Trace:
[    5.1]  [<00000000001234ab>] sample_read+0x1c/0x30
"""
KASAN = """\
[    5.1] BUG: KASAN: slab-use-after-free in sample_state+0x5c/0x90
[    5.1] Read of size 8 at addr ffff888001234568 by task tester/71
[    5.1] CPU: 0 PID: 71 Comm: tester Tainted: G        W
"""
HUNG = """\
[  367.1] INFO: task tester:71 blocked for more than 122 seconds.
[  367.1] task:tester state:D stack:0 pid:71
[  367.1] Call Trace:
[  367.1]  __schedule+0x2f0/0x9e0
[  367.1]  schedule+0x5a/0xc0
[  367.1]  sample_wait_for_it+0x30/0x60
"""
UBSAN = """\
[    5.1] UBSAN: array-index-out-of-bounds in drivers/sample.c:71:9
[    5.1] index 9 is out of range for type 'int [4]'
[    5.1] Call Trace:
[    5.1]  dump_stack_lvl+0x48/0x70
[    5.1]  ubsan_epilogue+0xa/0x30
[    5.1]  __ubsan_handle_out_of_bounds+0x6e/0x70
[    5.1]  sample_index+0x11/0x22
"""


def trace_of(text: str) -> Trace:
    trace = diagnose(text.encode()).trace
    assert trace is not None
    return trace


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (X86, "BUG: unable to handle kernel NULL pointer dereference in sample_probe"),
        (ARM64, "BUG: unable to handle kernel paging request in sample_read"),
        (ARM, "BUG: unable to handle kernel NULL pointer dereference in sample_read"),
        (RISCV, "BUG: unable to handle kernel paging request in sample_read"),
        (PPC, "BUG: unable to handle kernel NULL pointer dereference in sample_read"),
        (S390, "BUG: unable to handle kernel paging request in sample_read"),
        (KASAN, "KASAN: slab-use-after-free Read in sample_state"),
        (HUNG, "INFO: task hung in sample_wait_for_it"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_titles(text: str, title: str, ending: str) -> None:
    assert diagnose(text.replace("\n", ending).encode()).title == title


def test_a_warning_is_titled_by_its_trace_too() -> None:
    assert [each.title for each in diagnose(UBSAN.encode()).warnings] == [
        "UBSAN: array-index-out-of-bounds in sample_index"
    ]


def test_frames() -> None:
    frames = trace_of(X86).frames
    assert [(frame.function, frame.module, frame.reliable) for frame in frames] == [
        ("__die_body", "", False),
        ("sample_bind", "sample", True),
        ("driver_probe", "", True),
    ]
    assert (frames[2].offset, frames[2].size) == ("44", "90")


def test_who_and_where() -> None:
    facts = trace_of(X86).facts
    assert (facts["cpu"], facts["pid"], facts["comm"]) == ("1", "71", "tester")
    assert facts["hardware"] == "QEMU Standard PC"
    assert facts["code"].startswith("48 89")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        (X86, "RBX", "ffff888100a0b000"),
        (ARM64, "x29", "ffff80001234bc00"),
        (ARM, "r10", "c0123456"),
        (ARM, "r9", "00000001"),
        (RISCV, "ra", "ffffffff80054321"),
        (PPC, "GPR01", "c000000000222222"),
        (S390, "GPR05", "0000000000000006"),
    ],
)
def test_registers(text: str, name: str, value: str) -> None:
    assert trace_of(text).registers.values[name] == value


def test_a_trace_is_bounded() -> None:
    text = "[    5.1] Oops: 0000 [#1] SMP\n" + "".join(f"[    5.1]  f{n}+0x1/0x2\n" for n in range(10_000))
    assert len(trace_of(text).frames) <= 64


def test_lines_before_the_report_are_not_its_trace() -> None:
    text = "[    5.0]  innocent+0x1/0x2\n" + X86
    assert "innocent" not in [frame.function for frame in trace_of(text).frames]
