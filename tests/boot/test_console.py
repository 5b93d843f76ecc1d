"""`bootmatrix console`: a person at a terminal, typing to a guest."""

from __future__ import annotations

import os

import pexpect

from tests.boot.conftest import ROOT, bootmatrix_argv


def test_a_person_types_to_the_guest_and_leaves() -> None:
    command, *words = bootmatrix_argv("console", "arm64-cloud-virt")
    person = pexpect.spawn(
        command, words, cwd=str(ROOT), env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120, encoding="utf-8"
    )
    person.expect("step=ready status=0")
    person.sendline("")
    person.expect("/ # ")
    person.sendline("echo $((6 * 7))")
    person.expect("\r\n42\r\n")
    person.send("\x1d")
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 0
