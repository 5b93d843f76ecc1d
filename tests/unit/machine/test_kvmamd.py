"""KVM's module keeps the interception of CR8: one byte of one function, or an error."""

from __future__ import annotations

import pytest

from harness.errors import HostError
from harness.machine.nested.kvmamd import keeping_cr8_intercept
from tests.unit.machine.kernelmodule import module, signed

LANDING, CALL = bytes.fromhex("f30f1efa"), bytes.fromhex("e800000000")
BODY = bytes.fromhex("415455534889fb")  # push %r12; push %rbp; push %rbx; mov %rdi,%rbx
CALLED, ADDRESS = 4, 1  # R_X86_64_PLT32, R_X86_64_64


def changes(before: bytes, after: bytes) -> list[tuple[int, int]]:
    assert len(before) == len(after)
    return [(place, new) for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]


@pytest.mark.parametrize("start", [b"", CALL, LANDING, LANDING + CALL], ids=["bare", "traced", "ibt", "ibt-traced"])
def test_it_returns_before_its_first_instruction(start: bytes) -> None:
    called = ((len(start) - 4, CALLED),) if start.endswith(CALL) else ()
    before = module(start + BODY, relocated=called)
    ((place, new),) = changes(before, keeping_cr8_intercept(before))
    assert (place, new) == (before.index(start + BODY) + len(start), 0xC3)


def test_a_signature_is_taken_off() -> None:
    plain = module(CALL + BODY, relocated=((1, CALLED),))
    assert keeping_cr8_intercept(signed(plain)) == keeping_cr8_intercept(plain)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        (module(CALL + BODY, function="vmx_update_cr8_intercept"), "has no function svm_update_cr8_intercept"),
        (module(CALL), "too short"),
        (module(LANDING), "too short"),
        (module(CALL + BODY, relocated=((5, CALLED),)), "relocated"),
        (module(CALL + BODY, relocated=((2, CALLED),)), "relocated"),
        (module(BODY, relocated=((-7, ADDRESS),)), "relocated"),
        (b"", "cannot be made"),
        (b"\x7fELF", "cannot be made"),
        (module(BODY)[:200], "cannot be made"),
        (signed(b"")[3:], "cannot be made"),
    ],
)
def test_what_is_not_as_expected_is_refused(file: bytes, what: str) -> None:
    with pytest.raises(HostError, match=what):
        keeping_cr8_intercept(file)
